"""A person decides about what no machine did: by the shell, once, and it is written as they say."""

import getpass
from typing import Any

import pytest

from tasks.run import Outcome, Run, State
from tests.acceptance.hosted import Hosted, answers, refuses, says
from worker.ledgers.labelling import How

pytestmark = pytest.mark.timeout(150)

ME = getpass.getuser()
GARBAGE = answers("{")
CARD = {"issue_type": "card", "priority": 3}


def unsure(*first: Any, **verdict: object) -> tuple[Any, ...]:  # noqa: ANN401 - planned answers
    """A verdict that is outside of policy, then nothing that can be read: a person has to look."""
    return (says(**verdict), GARBAGE) if verdict else (GARBAGE,)


def waiting(hosted: Hosted, *plan: Any, **line: Any) -> Run:  # noqa: ANN401 - as above
    run = hosted.triaged(*plan, **line)
    assert run.state is State.IN_REVIEW, (run.state, run.reason, run.why)
    return run


def test_a_correction_is_written_and_says_who(hosted: Hosted) -> None:
    run = waiting(hosted, refuses())
    words = ("review", "correct", run.external_id, "--issue-type", "card")
    said = hosted.place.ask(*words).out
    assert "would be written" in said
    assert hosted.place.run(run.external_id) == run
    said = hosted.place.ask(*words, "--why", "it is about a card", "--yes").out
    assert "decided" in said
    done = hosted.settled(run.external_id)
    assert (done.state, done.outcome) == (State.WRITTEN, Outcome.APPLIED)
    shown = hosted.shown(run.external_id)
    assert shown.fields == {
        "issue_type": "card",
        "priority": "3",
        "queue": "cards",
        "escalated": None,
    }
    route = next(note.body for note in shown.notes if note.key.endswith("note:route"))
    assert f"{ME}, in the review of Triage Fleet, decided: issue type card" in route
    labels = hosted.place.shop.ledger.labels_of(run.id)
    assert {(one.field, one.said, one.truth, one.by) for one in labels} == {
        ("issue_type", None, "card", ME),
        ("priority", None, "3", ME),
        ("queue", None, "cards", ME),
    }
    assert {one.how for one in labels} == {How.REVIEW}
