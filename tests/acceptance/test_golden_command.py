"""A ticket becomes a golden case: scrubbed, with what people say of it, and it is run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import Environment
from config.serving import LOCAL
from tests.acceptance.decided import decided, say
from tests.acceptance.fleet import Place, a_line, a_place
from tests.acceptance.reviewed import waiting, written
from tests.golden.test_made_cases import differences
from tests.twins.models import a_verdict
from worker.ledgers.labelling import How

SECRET = (
    "Hello, this is Grace Hopper. My card 4111 1111 1111 1111 is lost, write to grace@example.org."
)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = a_place(tmp_path)
    yield place
    place.clear()


def line(ticket: str) -> str:
    requester = {"email": "basic@example.com", "name": "Grace Hopper"}
    thread = [{"author": "agent", "body": "Dear GRACE, which card?"}]
    return a_line(
        ticket, SECRET, requester=requester, thread=thread, fields={"queue": "vip-lounge"}
    )


def folder(place: Place) -> Path:
    return Path(place.environment["TRIAGE_CONFIG"]) / "golden"


def test_it_is_shown_first_and_written_when_told_to(place: Place) -> None:
    decided(place, "T-1", lines=[line("T-1")])
    said = place.ask("ticket", "golden", "T-1").out
    assert "[CARD_1]" in said
    assert "nobody has looked at" in said
    assert not folder(place).exists()
    found = place.ask("ticket", "golden", "T-1", "--yes", "--json").json()
    [path] = folder(place).iterdir()
    assert (found["path"], found["written"]) == (str(path), True)
    assert json.loads(path.read_text()) == found["case"]
    assert found["truth"] == dict.fromkeys(("issue_type", "priority", "queue"), "decided")
    assert "--yes again writes" in place.ask("ticket", "golden", "T-1").out
    place.ask("ticket", "golden", "T-1", "--yes")
    assert list(folder(place).iterdir()) == [path]


def test_nothing_personal_that_shows_by_its_form_is_left(place: Place) -> None:
    decided(place, "T-1", lines=[line("T-1")])
    text = json.dumps(place.ask("ticket", "golden", "T-1", "--json").json()["case"])
    for personal in ("Grace", "GRACE", "Hopper", "4111", "example.org", "basic@", "C-77", "vip"):
        assert personal not in text, personal
    case = json.loads(text)
    assert case["ticket"]["body"].startswith("Hello, this is [NAME] [NAME]. My card [CARD_1] is")
    assert case["ticket"]["requester"] == {"email": "golden@example.com", "name": "Golden"}
    assert case["facts"]["account"] == {"customer_id": "C-golden", "plan": "basic", "tier": "basic"}


def test_who_saw_no_answer_is_believed_most(place: Place) -> None:
    [run] = decided(place, "T-1")
    say(place, run, How.AUDIT, "fraud")
    say(place, run, How.REVIEW, "cards")
    say(place, run, How.REVIEW, "2", field="priority")
    say(place, run, How.CORRECTION, "4", field="priority")
    found = place.ask("ticket", "golden", "T-1", "--json").json()
    assert found["case"]["expected"] == {"issue_type": "card", "priority": 2, "queue": "fraud"}
    assert found["truth"] == {"issue_type": "decided", "priority": "review", "queue": "audit"}
    assert found["wrong_today"]
    assert "fails until that is mended" in place.ask("ticket", "golden", "T-1").out


@pytest.mark.parametrize("model", ["openai/one", LOCAL])
def test_what_a_person_decided_says_so_and_what_the_model_had_said(
    place: Place, model: str
) -> None:
    """Where no test may ask the model it is given the right answer; ours has to find it itself."""
    waiting(place, "T-1", a_verdict(issue_type="card"), model=model)
    words = ("review", "correct", "T-1", "--issue-type", "cash", "--yes", "--as", "lena")
    place.ask(*words)
    written(place, "T-1")
    found = place.ask("ticket", "golden", "T-1", "--json").json()
    case = found["case"]
    assert found["decided_by"] == "lena"
    assert "lena" not in json.dumps(case), "whose name is nobody's business in a repository"
    assert (case["by"], case["model"]) == ("review", model)
    assert case["proposed"] == {"issue_type": "card", "priority": 3, "queue": "cards"}
    assert case["decided"] == {"issue_type": "cash", "priority": 3, "queue": "payments"}
    said = place.ask("ticket", "golden", "T-1").out
    had = f"decided by lena in review; {model} had said issue type card, priority 3, queue cards"
    assert had in said.splitlines()
    assert found["wrong_today"] is (model == LOCAL)
    assert ("fails until local/baseline decides so by itself" in said) is (model == LOCAL)


def test_what_a_model_decided_says_so(place: Place) -> None:
    decided(place, "T-1")
    found = place.ask("ticket", "golden", "T-1", "--json").json()
    assert found["decided_by"] is None
    assert (found["case"]["by"], found["case"]["proposed"]) == ("model", None)
    assert "in review" not in place.ask("ticket", "golden", "T-1").out


def test_what_it_makes_is_run(place: Place, trained: Path) -> None:
    """By what people say; what policy and taxonomy make of that is compared."""
    _, wrong = decided(place, "T-1", "T-2", priority=4)
    say(place, wrong, How.AUDIT, "fraud")
    place.ask("ticket", "golden", "T-1", "--yes")
    place.ask("ticket", "golden", "T-2", "--yes")
    found = differences(Environment.read(place.environment), trained)
    assert found == {"ticket-t-2": {"queue": "cards"}}


def test_what_is_no_decision_or_was_forgotten_is_refused(place: Place) -> None:
    place.take_in(a_line("T-1", "Hello"))
    assert "is no decision that stands" in place.ask("ticket", "golden", "T-1", code=2).err
    decided(place, "T-2", lines=[a_line("T-2", "Hello", customer="plus")])
    place.ask("forget", "--requester", "plus@example.com", "--yes")
    assert "was forgotten" in place.ask("ticket", "golden", "T-2", code=2).err
