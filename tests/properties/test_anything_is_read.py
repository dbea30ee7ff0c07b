"""Whatever comes in from outside is read or refused by name: nothing that it says can raise."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from config.tiers import Model
from tasks import prompt
from tasks.intake import Malformed, parse_ticket
from tasks.ports.model import Question
from tasks.ticket import Ticket
from tasks.verdict import Misshapen, Verdict
from tests.properties.any_text import anything, json_values
from tests.twins.desk import shipped
from tests.twins.facts import known
from tests.twins.models import a_verdict

LIMIT = 500
KEYS = ("subject", "channel", "language", "thread", "fields", "labels")
PARTS = ("email", "name", "author", "body", "at")

moments = st.sampled_from(["2026-01-01T11:00:00Z", "2026-01-01", "9999-12-31T23:59:59-12:00"])
nearly = st.one_of(
    json_values,
    moments,
    st.just({"email": "ada@example.com"}),
    st.dictionaries(st.sampled_from(PARTS), json_values | moments, max_size=5),
    st.lists(st.dictionaries(st.sampled_from(PARTS), anything, max_size=3), max_size=3),
)
tickets = st.fixed_dictionaries(
    {
        "id": st.just("T-1") | nearly,
        "body": anything,
        "requester": st.just({"email": "ada@example.com"}) | nearly,
        "created_at": moments | nearly,
    },
    optional=dict.fromkeys(KEYS, nearly),
)
"""JSON objects that are tickets, or nearly."""


def _read(line: bytes) -> Ticket | Malformed:
    found = parse_ticket(line, body_bytes=LIMIT)
    assert isinstance(found, Ticket | Malformed)
    return found


@given(st.binary(max_size=300))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\xff" * 10)
def test_any_bytes_are_a_ticket_or_malformed(line: bytes) -> None:
    """One or the other, and nothing is raised."""
    _read(line)


@given(json_values)
def test_any_json_is_a_ticket_or_malformed(value: object) -> None:
    """Well-formed JSON of any shape."""
    _read(json.dumps(value).encode())


@given(tickets)
def test_what_is_nearly_a_ticket_is_one_or_says_why_not(value: dict[str, object]) -> None:
    """And what is one can be stored, hashed, and asked about."""
    found = _read(json.dumps(value).encode())
    if isinstance(found, Malformed):
        assert found.why
        return
    assert found.said()
    assert Ticket.model_validate_json(found.model_dump_json().encode()) == found
    assert sum(len(text.encode()) for text in found.said()) <= LIMIT
    assert found.id.isprintable()
    assert prompt.digest(_asked(found))


def _asked(ticket: Ticket) -> Question:
    ours = shipped()
    model: Model = ours.tiers.models[0]
    return prompt.question(
        prompt.About(ticket, known(), ours.taxonomy), prompt=ours.classify, model=model
    )


@given(tickets)
def test_a_ticket_is_the_same_whatever_its_labels_say(value: dict[str, object]) -> None:
    """Nothing of what a person decided reaches the stages."""
    bare = {key: part for key, part in value.items() if key != "labels"}
    assert _read(json.dumps(value).encode()) == _read(json.dumps(bare).encode())


@given(anything)
def test_any_text_of_a_model_is_a_verdict_or_misshapen(text: str) -> None:
    """Half of a surrogate pair, NUL and all."""
    assert isinstance(Verdict.parse(text), Verdict | Misshapen)


@given(json_values)
def test_any_json_of_a_model_is_a_verdict_or_misshapen(value: object) -> None:
    """Well-formed JSON of any shape."""
    assert isinstance(Verdict.parse(json.dumps(value)), Verdict | Misshapen)


parts = st.sampled_from(
    ["issue_type", "priority", "escalate", "evidence", "reason", "draft", "more"]
)


@given(st.dictionaries(parts, json_values, max_size=3))
def test_what_is_nearly_a_verdict_is_one_or_says_where_not(other: dict[str, object]) -> None:
    """What is said about it repeats no text of the answer."""
    text = a_verdict(**{key: f"zebra{value}" if value else value for key, value in other.items()})
    found = Verdict.parse(text)
    assert isinstance(found, Verdict) or "zebra" not in found


@given(st.text(min_size=1, max_size=20), json_values)
def test_a_key_that_a_model_makes_up_is_not_repeated(key: str, value: object) -> None:
    """Its name could be a piece of the ticket."""
    found = Verdict.parse(a_verdict(**{f"zebra{key}": value}))
    assert isinstance(found, Misshapen)
    assert "zebra" not in found
