"""The local model's answer has the shape of every model's, and quotes to the letter."""

import re
from dataclasses import dataclass

import pytest

from config.environment import Environment
from config.load import load
from config.taxonomy import Taxonomy
from tasks.escalation import WORD, Unproven, prove
from tasks.ports.model import Plain
from tasks.verdict import Evidence, Verdict
from tests.twins.ticket import a_ticket
from tests.unit.worker.models.lessons import LABELS, STOLEN, taught
from worker.models.baseline.answer import answer
from worker.models.baseline.quotes import LONGEST, proof, quotes

PRIORITIES = {"card_payment": 3, "transfer": 2, "security": 1, "other": 4}


@dataclass(frozen=True, slots=True)
class Says:
    """Holds where a pattern is in the quote and another is not in the sentence."""

    id: str
    pattern: str
    unless: str = r"\bif\b"

    def holds(self, quote: str, sentence: str | None = None) -> bool:
        around = quote if sentence is None else sentence
        return bool(re.search(self.pattern, quote)) and not re.search(self.unless, around)


THEFT = Says("theft", r"\bstolen\b")
CRITERIA = {"security": [THEFT, Says("press", r"\bnewspaper\b")]}


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load(Environment.read({})).taxonomy


def _asked(text: str) -> Plain:
    return Plain(text=text, priorities=PRIORITIES)


def _verdict(text: str) -> Verdict:
    verdict = Verdict.parse(answer(_asked(text), taught(), CRITERIA)[0])
    assert isinstance(verdict, Verdict), verdict
    return verdict


def test_an_answer_is_a_verdict_with_the_priority_that_policy_expects() -> None:
    """It makes no draft, and says in its reason that nobody read the text."""
    verdict = _verdict("why was my payment declined")
    assert (verdict.issue_type, verdict.priority, verdict.draft) == ("card_payment", 3, None)
    assert not verdict.escalate
    assert verdict.reason.startswith("local/baseline")


def test_the_customers_own_words_escalate() -> None:
    """The evidence is a piece of the text, to the letter."""
    text = f"Good morning.\n{STOLEN}! Please be quick."
    verdict = _verdict(text)
    assert verdict.escalate
    [evidence] = verdict.evidence
    assert evidence.criterion == "theft"
    assert evidence.quote in text
    assert "stolen" in evidence.quote


def test_only_a_criterion_of_the_issue_type_escalates() -> None:
    """Validation believes no other, so naming it would lose the ticket."""
    text, _ = answer(_asked(STOLEN), taught(), {"transfer": [THEFT]})
    assert '"escalate": false' in text


def test_what_it_abstains_from_is_its_best_guess_all_the_same() -> None:
    """The signals say why not to use it; people see the guess beside the reason."""
    text, signals = answer(_asked("how tall is mount everest"), taught(), CRITERIA)
    verdict = Verdict.parse(text)
    assert isinstance(verdict, Verdict)
    assert verdict.issue_type == signals.ranking[0][0]
    assert signals.abstains is not None
    assert signals.confidence == signals.ranking[0][1] < 1
    assert {name for name, _ in signals.ranking} == set(LABELS)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("My card was stolen. I want a new one.", ["My card was stolen.", "I want a new one."]),
        ("Hi! My card was stolen.", ["Hi! My card was stolen."]),
        ("My card was stolen. Thanks!", ["My card was stolen.", "My card was stolen. Thanks!"]),
        ("Card stolen. Help. Now. Thanks.", ["Card stolen. Help. Now."]),
        ("Card stolen", []),
        ("... !!! ???", []),
        ("", []),
    ],
)
def test_a_quote_is_a_sentence_of_four_words_or_more(line: str, expected: list[str]) -> None:
    """A short sentence goes together with its neighbour."""
    assert list(quotes(line, 4))[: len(expected)] == expected
    assert all(len(WORD.findall(quote)) >= 4 and quote in line for quote in quotes(line, 4))


def test_a_sentence_without_end_is_quoted_in_parts() -> None:
    """No word is left out, wherever in it the proof stands."""
    words = [f"word{number}" for number in range(5 * LONGEST)]
    line = " ".join(words)
    found = list(quotes(line, 4))
    assert all(quote in line and len(quote.split()) <= LONGEST for quote in found)
    assert {word for quote in found for word in quote.split()} == set(words)


def test_a_quote_does_not_leave_its_line() -> None:
    """Subject and body are two turns, and words across them nobody said."""
    assert proof("my card was\nstolen from me on monday", THEFT, least_words=6) is None
    assert proof("x\nstolen from me on monday", THEFT, least_words=4) == "stolen from me on monday"


def test_what_the_next_line_takes_back_is_no_proof() -> None:
    """Without a full stop the sentence goes on, and validation reads on."""
    assert proof("my card was stolen\nif I am right", THEFT, least_words=4) is None
    assert proof("my card was stolen.\nWhat if I am right", THEFT, least_words=4)


def test_typographic_quotes_and_capitals_do_not_hide_a_proof() -> None:
    """Criteria are written in plain spelling; the quote stays as the customer typed it."""
    mine = Says("mine", r"\bi didn't make\b")
    text = "I Didn\u2019t  make this payment"
    assert proof(text, mine, least_words=4) == text


def test_a_long_text_costs_a_bounded_time() -> None:
    """A wall of full stops is no reason to hang: the time limit of the test is the assertion."""
    for text in ("a. " * 20_000, ". " * 30_000, "stolen if " * 6_000, "x" * 60_000):
        assert proof(text, THEFT, least_words=4) is None


@pytest.mark.parametrize(
    "body",
    [
        "My wallet was stolen. Please block my card.",
        "Good evening\nMy card was stolen on the train today\nRegards",
        "There is a payment on my account that I did not make. It is 20 pounds!",
        "I don\u2019t recognise this payment, somebody used my card in a shop",
        "what happens if my card is stolen",
        "yes " * 60 + "my wallet was stolen " + "yes " * 60,
        "if\nmy wallet was stolen today\nthen",
        "not sure\nwhat happens if\nI fell asleep and then\nmy wallet was stolen today",
    ],
)
@pytest.mark.parametrize("subject", ["", "My card was stolen", "What if"])
def test_what_it_quotes_convinces_validation(taxonomy: Taxonomy, body: str, subject: str) -> None:
    """Every piece of evidence is proven by the rules that judge it afterwards."""
    ticket = a_ticket(body, subject=subject)
    issue = taxonomy.issue_type("security")
    assert issue is not None
    for name in issue.criteria:
        criterion = taxonomy.criterion(name)
        assert criterion is not None
        quote = proof("\n".join(ticket.said()), criterion, least_words=4)
        if quote is not None:
            evidence = Evidence(criterion=name, quote=quote)
            proven = prove(evidence, ticket, issue, taxonomy, least_words=4)
            assert not isinstance(proven, Unproven), proven
