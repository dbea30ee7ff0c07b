"""What a well-behaved model says is a verdict that our own validation lets pass."""

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from tasks.case import Validated
from tasks.facts import Facts
from tasks.intake import Malformed, parse_ticket
from tasks.ticket import Ticket
from tasks.validate import validate
from tasks.verdict import Verdict
from tests.twins.desk import Office, shipped
from tests.twins.facts import an_account, an_incident, known
from tests.twins.ticket import a_ticket, classified
from tests.unit.worker.simulator.asking import a_request, asked_about
from worker.simulator import answer_key
from worker.simulator.dialect import Asked
from worker.simulator.routes import OPENAI
from worker.simulator.verdict import plain, verdict

INBOX = Path(__file__).parents[4] / "fixtures" / "inbox" / "bank.jsonl"
FACTS = (
    known(),
    known(an_account("business", renewal_at=date(2026, 1, 10))),
    known(an_account("plus"), an_incident("card_payment", "transfer")),
    known(unavailable={"account": "timed out"}),
)


def _tickets() -> list[tuple[Ticket, str]]:
    """Those of the sample inbox, with what a person decided."""
    found = []
    for line in INBOX.read_bytes().splitlines():
        ticket = parse_ticket(line, body_bytes=65_536)
        if not isinstance(ticket, Malformed):
            found.append((ticket, json.loads(line)["labels"]["issue_type"]))
    return found


@pytest.mark.parametrize("facts", FACTS)
def test_a_verdict_passes_our_validation(facts: Facts) -> None:
    """For any customer: it keeps to the priority that the prompt expects of them."""
    for ticket, _ in _tickets()[::10]:
        said = json.dumps(verdict(asked_about(ticket, facts), {}))
        assert isinstance(Verdict.parse(said), Verdict)
        case = classified(said, ticket=ticket, facts=facts)
        assert isinstance(asyncio.run(validate(case, Office(ticket=ticket).desk)), Validated)


def test_the_same_text_is_answered_the_same() -> None:
    first, again = (verdict(asked_about(a_ticket("Where is my card?")), {}) for _ in range(2))
    assert first == again
    assert first["issue_type"] == "card"


def test_words_in_common_are_right_more_often_than_chance() -> None:
    """One of ten issue types would be right by chance in a tenth of all."""
    tickets = _tickets()
    right = sum(
        verdict(asked_about(ticket), {})["issue_type"] == label for ticket, label in tickets
    )
    assert right / len(tickets) > 0.5


def test_a_text_without_any_word_of_ours_is_other() -> None:
    assert verdict(asked_about(a_ticket("Qwertz uiop?")), {})["issue_type"] == "other"


def test_what_the_answer_key_says_is_said(tmp_path: Path) -> None:
    """All of it, whatever it means; the rest is as usual."""
    (tmp_path / "key").write_text(
        '{"text": "Where  is\\nmy card?", "issue_type": "cash", "draft": "Soon."}\nno json\n'
    )
    said = verdict(asked_about(a_ticket("where is my card?")), answer_key.read(tmp_path / "key"))
    assert (said["issue_type"], said["draft"], said["escalate"]) == ("cash", "Soon.", False)


def test_an_inbox_with_labels_is_an_answer_key() -> None:
    known_answers = answer_key.read(INBOX)
    assert all(
        verdict(asked_about(ticket), known_answers)["issue_type"] == label
        for ticket, label in _tickets()
    )


def test_a_schema_of_somebody_elses_is_kept_to() -> None:
    """Keys that we do not know get a value of their shape, ours that it lacks are left out."""
    shapes = {
        "issue_type": {"type": "string", "enum": ["moon", "sun"]},
        "score": {"type": "number"},
        "tags": {"type": "array"},
        "mood": {"type": "string", "enum": ["calm"]},
        "note": {"type": ["string", "null"]},
    }
    asked = Asked(model="m", rules="", question="hi", more=0, schema={"properties": shapes})
    said = verdict(asked, {})
    assert said.pop("issue_type") in ("moon", "sun")
    assert said == {"score": 0, "tags": [], "mood": "calm", "note": None}


def test_the_second_question_about_a_ticket_is_about_the_same_ticket() -> None:
    """It shows the answer that did not fit, which is no part of what the customer wrote."""
    document = a_request(a_ticket("Where is my card?")).json()
    document["messages"] += [
        {"role": "assistant", "content": "A transfer!"},
        {"role": "user", "content": "Answer the same question again."},
    ]
    assert verdict(OPENAI.asked(document, ""), {})["issue_type"] == "card"


def test_white_space_and_case_make_no_other_text() -> None:
    assert plain(" Where\nIS  it?") == plain("where is it?")


def test_every_issue_type_can_be_said() -> None:
    """Its own description is answered with it."""
    for issue in shipped().taxonomy.issue_types:
        said = verdict(asked_about(a_ticket(issue.description)), {})
        assert said["issue_type"] in (issue.name, "other"), issue.name
