"""A suggested reply promises nothing, names nobody else, and is what it looks like."""

import pytest

from tasks.draft import objection
from tests.twins.desk import shipped
from tests.twins.ticket import a_ticket

TICKET = a_ticket("My IBAN is GB29 NWBK 6016 1331 9268 19, call 020-7946-0958, bob@example.org")
POLICY = shipped().policy

HARMLESS = (
    "Thank you for writing. A colleague will look at it today.",
    "We have noted bob@example.org and the account GB29NWBK60161331926819.",
    "You can reach us under the number in the app; your request is 1234567.",
    "Line one\nline two\twith a tab",
    "Grüße aus München, καλημέρα",
)
WITHHELD = {
    "a promise of mine": "I will refund you 500 pounds today.",
    "a refund that is done": "Your refund has been approved.",
    "zero-width letters": "We will re\u200bfund you.",
    "a soft hyphen": "We will re\u00adfund you.",
    "wide letters": "We will \uff52\uff45\uff46\uff55\uff4e\uff44 you.",
    "another alphabet's e": "We will r\u0435fund you.",
    "another customer's address": "As we told eve@example.org, all is well.",
    "another customer's account": "We have sent it to DE89 3704 0044 0532 0130 00.",
    "another customer's card": "Your card 4929-1234-5678-9012 is fine.",
    "an escape sequence": "Hello \x1b[2J",
    "a turn of direction": "Hello \u202eolleh",
    "too many words": "Hello " * 1_000,
}


@pytest.mark.parametrize("draft", HARMLESS)
def test_what_a_colleague_could_send_is_shown(draft: str) -> None:
    assert objection(draft, TICKET, POLICY) is None


@pytest.mark.parametrize("what", WITHHELD)
def test_what_nobody_may_send_is_withheld_with_its_reason(what: str) -> None:
    """The reason stands in the ledger in the open, so it holds no word of the draft."""
    draft = WITHHELD[what]
    found = objection(draft, TICKET, POLICY)
    assert found
    assert "example.org" not in found
    assert "4929" not in found
