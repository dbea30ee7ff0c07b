"""Dead letters: seen, tried again, and let go of, by whoever is on call."""

import json
from pathlib import Path
from typing import Any

import pytest

from tasks.causes import Cause, DropCause
from tasks.events import Kind
from tasks.run import Outcome, Run, State
from tests.acceptance.fleet import Place
from tests.acceptance.hosted import Hosted, says
from tests.acceptance.patience import until
from worker.broker.names import DEAD_LETTER

pytestmark = pytest.mark.timeout(90)

OFF_LIST = says(issue_type="lottery")


def _dead(hosted: Hosted) -> Run:
    run = hosted.triaged(OFF_LIST)
    assert (run.state, run.reason) == (State.DEAD, Cause.OFF_LIST)
    return run


def _requeued(place: Place, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - its document
    return place.ask("dead", "requeue", *words, "--json", code=code).json()


def test_a_dead_letter_is_listed_and_lies_on_the_brokers_queue(hosted: Hosted) -> None:
    run = _dead(hosted)
    place = hosted.place
    rows = place.ask("dead", "list", "--cause", "off_list", "--json").json()
    [row] = [row for row in rows if row["run"] == run.id]
    assert row | {"why": "", "at": ""} == {
        "run": run.id,
        "ticket": run.external_id,
        "source": run.source,
        "backfill": False,
        "stage": "validate",
        "cause": "off_list",
        "why": "",
        "attempts": 1,
        "at": "",
    }
    broker = place.shop.broker()
    dead = {found.id for found in place.runs(states=(State.DEAD,))}
    until(lambda: {hint.run for hint in broker.hints(DEAD_LETTER)} == dead)
    broker.close()


def test_without_yes_nothing_is_changed(hosted: Hosted) -> None:
    run = _dead(hosted)
    for words in (
        ["dead", "requeue", run.external_id],
        ["dead", "drop", run.external_id, "--why", "nobody needs it"],
        ["ticket", "retry", run.external_id],
    ):
        said = hosted.place.ask(*words)
        assert "add --yes" in said.out
    none = hosted.place.ask("dead", "requeue", "--cause", "facts_down")
    assert none.out == "nothing would be requeued\n"
    assert hosted.place.run(run.external_id) == run
    assert len(hosted.asked(run)) == 1


def test_a_requeued_one_starts_at_its_stage_with_fresh_budgets(hosted: Hosted) -> None:
    run = _dead(hosted)
    hosted.plan(run.external_id, says())
    done = hosted.place.triage("dead", "requeue", run.external_id, "--yes", "--json").json()
    assert (done["requeued"], done["runs"], done["refused"]) == (1, [run.id], [])
    again = hosted.settled(run.external_id)
    assert (again.id, again.state, again.outcome) == (run.id, State.WRITTEN, Outcome.APPLIED)
    assert (again.attempts, again.requeues) == (0, 1)
    assert hosted.kinds(run).count("enriched") == 1  # the facts were fresh enough
    assert len(hosted.asked(run)) == 2


def test_the_third_time_for_one_cause_asks_for_force(hosted: Hosted) -> None:
    run = _dead(hosted)
    name = run.external_id
    for times in (1, 2):
        assert _requeued(hosted.place, name, "--yes")["requeued"] == 1
        until(lambda times=times: len(hosted.asked(run)) == 1 + times)  # type: ignore[misc]
        assert hosted.settled(name).reason == Cause.OFF_LIST
    done = _requeued(hosted.place, name, "--yes", code=1)
    assert done["requeued"] == 0
    assert "--force" in done["refused"][0]["why"]
    assert len(hosted.asked(run)) == 3
    hosted.plan(name, says())
    assert _requeued(hosted.place, name, "--force", "--yes")["requeued"] == 1
    assert hosted.settled(name).state is State.WRITTEN


def test_many_are_requeued_by_their_cause(hosted: Hosted) -> None:
    runs = [hosted.triaged(says(priority=1)) for _ in range(3)]
    assert {run.reason for run in runs} == {Cause.PRIORITY_OUTSIDE_POLICY}
    for run in runs:
        hosted.plan(run.external_id, says())
    would = _requeued(hosted.place, "--cause", "priority_outside_policy")["would"]
    done = _requeued(hosted.place, "--cause", "priority_outside_policy", "--yes")
    assert done["requeued"] == would >= 3
    assert {hosted.settled(run.external_id).state for run in runs} == {State.WRITTEN}


def test_all_of_them_only_when_that_is_said(hosted: Hosted) -> None:
    said = hosted.place.ask("dead", "requeue", "--yes", code=2)
    assert "--all" in said.err


def test_what_is_no_dead_letter_is_left_alone(hosted: Hosted) -> None:
    run = hosted.triaged(says())
    said = hosted.place.ask("dead", "requeue", run.external_id, "--yes", code=2)
    assert "is no dead letter: it is written" in said.err
    assert hosted.place.run(run.external_id) == run


def test_a_dropped_one_keeps_the_reason(hosted: Hosted) -> None:
    run = _dead(hosted)
    place = hosted.place
    assert place.ask("dead", "drop", run.external_id, "--yes", code=2).out == ""
    place.ask("dead", "drop", run.external_id, "--why", "a test of ours", "--yes")
    dropped = place.run(run.external_id)
    assert (dropped.state, dropped.reason) == (State.DROPPED, DropCause.OPERATOR)
    last = place.shop.ledger.events(run.id)[-1]
    assert (last.kind, last.body["why"]) == (Kind.DROPPED, "a test of ours")
    assert place.shop.ledger.books().balanced


def test_a_malformed_one_is_parsed_again_when_the_limit_was_raised(
    hosted: Hosted, tmp_path: Path
) -> None:
    ticket = hosted.take_in(says(), body="x" * 4500)
    run = hosted.place.run(ticket)
    assert (run.state, run.stage, run.reason) == (State.DEAD, "intake", Cause.TEXT_TOO_LONG)
    refused = _requeued(hosted.place, ticket, "--yes", code=1)["refused"]
    assert "still text_too_long" in refused[0]["why"]
    longer = hosted.place.reconfigured(tmp_path / "longer", "settings", "4000", "5000")
    assert _requeued(longer, ticket, "--yes")["requeued"] == 1
    assert hosted.settled(ticket).state is State.WRITTEN
    assert len(hosted.asked(run)) == 1


def test_the_page_of_a_dead_letter_says_everything(hosted: Hosted) -> None:
    run = _dead(hosted)
    said = hosted.place.ask("dead", "show", run.external_id, "--json")
    page = said.json()
    assert (page["state"], page["reason"], page["stage"]) == ("dead", "off_list", "validate")
    assert [event["kind"] for event in page["events"]] == hosted.kinds(run)
    assert len(page["calls"]) == 1
    assert "lottery" in json.dumps(page["texts"])
    assert "lottery" not in json.dumps(page["events"])
