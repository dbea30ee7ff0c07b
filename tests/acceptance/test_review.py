"""A person decides about what no machine did: by the shell, once, and it is written as they say."""

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.tiers import TIERS
from tasks.events import Kind
from tasks.run import Outcome, Run, State
from tests.acceptance.fleet import Place, a_line, a_place, lend
from tests.acceptance.hosted import Hosted, refuses
from tests.acceptance.patience import until
from worker.crew import hire
from worker.ledgers.labelling import How
from worker.simulator.answer import Answer

pytestmark = pytest.mark.timeout(150)

ME = getpass.getuser()


def waiting(hosted: Hosted, *plan: Answer, **line: Any) -> Run:  # noqa: ANN401 - a line's own
    """A ticket that waits for a person, after the provider has said that."""
    run = hosted.triaged(*plan, **line)
    assert run.state is State.IN_REVIEW, (run.state, run.reason, run.why)
    return run


def test_it_is_listed_with_what_stopped_it_and_shown_with_all_there_is(hosted: Hosted) -> None:
    run = waiting(hosted, refuses(), body="My parcel is gone.")
    place, ticket = hosted.place, run.external_id
    [row] = [one for one in place.ask("review", "list", "--json").json() if one["run"] == run.id]
    assert (row["ticket"], row["reason"], row["customer_tier"]) == (ticket, "refused", "basic")
    assert row["since"] < row["until"]
    assert (row["handed_at"], row["issue_type"], row["owner"]) == (None, None, None)
    said = place.ask("review", "list").out
    assert ticket in said
    assert "refused: openai/made-up refused to answer" in said
    page = place.ask("review", "show", ticket).out
    for piece in ("My parcel is gone.", "stopped by refused", "account", "proposal: none"):
        assert piece in page
    assert "it goes to the queue triage at 20" in page
    [note] = hosted.shown(ticket).notes
    assert note.body.startswith("Triage Fleet waits for a person: refused")
    assert hosted.shown(ticket).fields["queue"] is None


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


def test_what_cannot_be_decided_is_left_alone_and_says_what_can_be_done(hosted: Hosted) -> None:
    run = waiting(hosted, refuses())
    place, ticket = hosted.place, run.external_id
    for words, said in (
        (("accept", ticket, "--yes"), "`triage review correct` takes values"),
        (("correct", ticket, "--priority", "3", "--yes"), "name the issue type: security, card,"),
        (("correct", ticket, "--issue-type", "cars"), "'cars' is no issue type: security, card,"),
        (("correct", ticket, "--issue-type", "card", "--queue", "vip"), "is no queue of the"),
        (("correct", ticket, "--issue-type", "card", "--escalate", "x"), "is no criterion: "),
        (("correct", ticket, "--issue-type", "card", "--priority", "5"), "is no priority: 1"),
        (("correct", ticket, "--issue-type", "card", "--why", "a\nb"), "one line of at most"),
        (("show", "NOBODY"), "no ticket and no run is called"),
        (("list", "--owner", "nobody"), "alerts.toml names no owners"),
    ):
        assert said in place.ask("review", *words, code=2).err, words
    assert place.run(ticket) == run
    done = hosted.triaged()
    said = place.ask("review", "return", done.external_id, "--yes", code=1).err
    assert "it does not wait for a person: it is written" in said


def test_who_calls_somebody_is_believed_without_a_quote(hosted: Hosted) -> None:
    ticket = waiting(hosted, refuses()).external_id
    words = ("--issue-type", "security", "--priority", "1", "--escalate", "theft", "--yes")
    said = hosted.place.ask("review", "correct", ticket, *words, "--json").json()
    assert (said["done"], said["escalated"], said["refused"]) == (True, "theft", None)
    hosted.settled(ticket)
    shown = hosted.shown(ticket)
    assert (shown.fields["escalated"], shown.fields["priority"]) == ("theft", "1")
    notes = {note.key.partition(":")[2]: note.body for note in shown.notes}
    assert notes["note:escalation"] == f"Escalated: theft\n{ME} says so, in review"


def test_who_returns_it_gives_it_to_people_at_once(hosted: Hosted) -> None:
    run = waiting(hosted, refuses())
    place, ticket = hosted.place, run.external_id
    place.ask("review", "return", ticket, "--why", "not a bank's matter", "--yes")
    until(lambda: place.run(ticket).handed_at)
    run = hosted.settled(ticket)
    assert run.state is State.IN_REVIEW
    shown = hosted.shown(ticket)
    assert shown.fields["queue"] == "triage"
    assert shown.notes[-1].body.startswith(f"{ME} leaves this ticket to you: not a bank's matter.")
    assert ticket not in place.ask("review", "list").out
    row = next(
        one
        for one in place.ask("review", "list", "--all", "--json").json()
        if one["ticket"] == ticket
    )
    assert row["handed_at"]
    # That was a decision: nobody decides once more here, they do it in the helpdesk.
    words = ("review", "correct", ticket, "--issue-type", "card", "--yes")
    for said in (("review", "return", ticket), ("review", "accept", ticket, "--yes"), words):
        assert f"{ME} has returned it at" in place.ask(*said, code=1).err
    assert hosted.shown(ticket).fields["queue"] == "triage"


def test_a_ticket_that_was_never_in_review_can_be_looked_at(hosted: Hosted) -> None:
    done = hosted.triaged()
    said = hosted.place.ask("review", "show", done.external_id).out
    assert "nobody may decide here any more: it does not wait for a person" in said


def test_of_two_at_once_one_decides_and_the_other_is_told(hosted: Hosted) -> None:
    """Ten times two processes, started at the same moment."""
    place = hosted.place
    names = [hosted.take_in(refuses()) for _ in range(10)]
    for name in names:
        assert hosted.settled(name).state is State.IN_REVIEW
    for name in names:
        both = [
            place.start("review", "correct", name, "--issue-type", issue, "--yes")
            for issue in ("card", "cash")
        ]
        said = sorted((one.ended(60) for one in both), key=lambda one: one.code)
        assert [one.code for one in said] == [0, 1], said
        assert f"{name} is left alone: {ME} has corrected it at " in said[1].err
        won = "card" if "issue type card" in said[0].out else "cash"
        assert f"issue type {won}, priority 3" in said[1].err
        run = hosted.settled(name)
        assert (run.state, run.issue_type) == (State.WRITTEN, won)
        kinds = hosted.kinds(run)
        assert (kinds.count(Kind.REVIEWED), kinds.count(Kind.WRITTEN)) == (1, 1)
        assert [note.key.partition(":")[2] for note in hosted.shown(name).notes] == [
            "note:review",
            "note:route",
        ]
        labels = place.shop.ledger.labels_of(run.id)
        assert {one.truth for one in labels if one.field == "issue_type"} == {won}


# ── With a proposal: the local model's, in a worker of this process ───────────────────────────────


@pytest.fixture
def local(tmp_path: Path, taught: Path) -> Iterator[Place]:
    place = a_place(tmp_path)
    lend(taught, place)
    yield place
    place.clear()


def works(place: Place) -> None:
    """A worker takes all that is queued in hand, and ends."""
    fleet = hire(place.shop, frozenset(TIERS))
    fleet.start()
    for run in place.runs(states=(State.QUEUED,)):
        fleet.carry(run.id, run.send_n)
    fleet.stop()


def test_a_proposal_is_accepted_as_it_is(local: Place) -> None:
    local.take_in(a_line("T-1", "Hello, my card and the cash machine and a transfer, maybe?"))
    works(local)
    run = local.run("T-1")
    assert run.state is State.IN_REVIEW, (run.state, run.why)
    sheet = local.ask("review", "show", "T-1", "--json").json()
    proposed = sheet["proposal"]
    assert proposed["runners_up"]
    assert proposed["objections"] == []
    assert (proposed["model"], sheet["decided"]) == ("local/baseline", None)
    page = local.ask("review", "show", "T-1").out
    assert "runners-up: " in page
    said = local.ask("review", "accept", "T-1").out
    assert f"issue type {proposed['issue_type']}, priority {proposed['priority']}" in said
    assert "add --yes" in said
    local.ask("review", "accept", "T-1", "--yes")
    works(local)
    done = local.run("T-1")
    assert (done.state, done.issue_type) == (State.WRITTEN, proposed["issue_type"])
    labels = {one.field: one for one in local.shop.ledger.labels_of(run.id)}
    assert labels.keys() == {"issue_type", "priority", "queue"}
    assert all(one.is_right and one.how is How.REVIEW for one in labels.values())
    said = local.ask("review", "correct", "T-1", "--issue-type", "cash", "--yes", code=1).err
    assert f"T-1 is left alone: {ME} has accepted it at " in said
    decisions = local.ask("ticket", "show", "T-1", "--json").json()["decisions"]
    assert {one["rule"] for one in decisions} == {f"{ME}, in review"}


def test_whoever_owns_its_type_finds_it_by_that(local: Place) -> None:
    alerts = '[owners.all]\nissue_types = [{}]\nwebhook = "http://127.0.0.1:9/"\n'
    names = ", ".join(f'"{name}"' for name in local.shop.config.taxonomy.names)
    (Path(local.environment["TRIAGE_CONFIG"]) / "alerts.toml").write_text(alerts.format(names))
    local.take_in(a_line("T-1", "Hello, my card and the cash machine and a transfer, maybe?"))
    works(local)
    said = local.ask("review", "list", "--owner", "some", code=2).err
    assert "'some' is no owner of alerts.toml: all" in said
    [row] = local.ask("review", "list", "--owner", "all", "--json").json()
    assert (row["ticket"], row["owner"]) == ("T-1", "all")
    assert row["issue_type"] == local.run("T-1").issue_type
