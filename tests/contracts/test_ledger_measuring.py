"""What is counted of decisions, and of what people say of them, on either database."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from config.mode import Mode
from config.policy import Watch
from tasks.events import Kind
from tasks.run import Outcome, Run, RunId
from tasks.watching import HOUR, Decided, Wrong
from tests.ledgers import a_change, an_arrival, claim_all, take_in
from tests.twins.clock import NOON
from worker.ledgers.engine import reading
from worker.ledgers.labelling import How, Label
from worker.ledgers.measuring import Tally, judge, read_decided, read_wrong
from worker.ledgers.sql import SqlLedger

LATER = NOON + HOUR


def decided(
    ledger: SqlLedger,
    issue_type: str = "card",
    *,
    outcome: Outcome = Outcome.APPLIED,
    mode: Mode | None = None,
) -> Run:
    """A run that was written a moment after noon."""
    [run] = claim_all(ledger, *take_in(ledger, replace(an_arrival(), mode=mode)))
    body = {"issue_type": issue_type, "priority": 3, "queue": "cards", "escalated": None}
    change = a_change(
        run,
        (Kind.VALIDATED, {**body, "choices": []}),
        (Kind.WRITTEN, {"outcome": outcome, "results": {}}),
    )
    assert ledger.commit([change]) == [True]
    return change.after


def say(ledger: SqlLedger, run: Run, how: How, truth: str, field: str = "issue_type") -> Label:
    label = Label(run=run.id, field=field, how=how, said="card", truth=truth, by="ada", at=LATER)
    ledger.label([label])
    return label


def test_only_decisions_that_stand_are_counted(ledger: SqlLedger) -> None:
    """Not what was recalled, is not written yet, or is there to be compared."""
    seen = decided(ledger)
    decided(ledger, outcome=Outcome.SHADOW)
    decided(ledger, "cash")
    decided(ledger, outcome=Outcome.RECALLED)
    decided(ledger, outcome=Outcome.SHADOW, mode=Mode.SHADOW)
    take_in(ledger, an_arrival())
    label = say(ledger, seen, How.REVIEW, "cash")
    assert ledger.tallies(NOON, LATER) == [
        Tally(issue_type="card", decided=2, unseen=1),
        Tally(issue_type="cash", decided=1, unseen=1),
    ]
    assert ledger.tallies(NOON + 100, LATER) == ledger.tallies(0.0, NOON) == []
    assert ledger.labelled(NOON, LATER) == [("card", label)]
    written = ledger.written_since(NOON)
    assert len(written) == 2
    assert seen.id not in written
    assert [run.id for run in ledger.standing_of(written)] == list(written)
    assert all(run.mode is not Mode.SHADOW for run in ledger.standing_of(written))


def test_what_a_person_decided_counts_under_what_was_proposed(ledger: SqlLedger) -> None:
    """Where nothing was proposed the fleet has said nothing, and a queue's review says no type."""
    proposed, unasked, routed = (decided(ledger, "other") for _ in range(3))
    label = say(ledger, proposed, How.REVIEW, "other")
    none = replace(say(ledger, unasked, How.REVIEW, "other"), said=None)
    ledger.label([none])
    queue = say(ledger, routed, How.CORRECTION, "vip", field="queue")
    assert list(ledger.tallies(NOON, LATER)) == [
        Tally(issue_type=None, decided=1, unseen=0),
        Tally(issue_type="card", decided=1, unseen=0),
        Tally(issue_type="other", decided=1, unseen=0),
    ]
    assert sorted(ledger.labelled(NOON, LATER), key=lambda one: str(one[0])) == [
        (None, none),
        ("card", label),
        ("other", queue),
    ]


def test_whoever_corrects_a_person_corrects_nobody_else(ledger: SqlLedger) -> None:
    """Neither the fleet's accuracy nor its watch counts what was decided in review, nor audits."""
    ours, theirs = decided(ledger), decided(ledger)
    review = say(ledger, theirs, How.REVIEW, "cash")
    say(ledger, theirs, How.CORRECTION, "top_up")
    say(ledger, theirs, How.AUDIT, "top_up", field="queue")
    assert ledger.labelled(NOON, LATER) == [("card", review)]
    assert ledger.written_since(NOON) == [ours.id]
    with reading(ledger.engine) as connection:
        assert read_decided(connection, NOON) == [Decided(issue_type="card", at=NOON, tickets=1)]
        assert read_wrong(connection, NOON) == []


def test_decisions_come_by_the_hour_and_corrections_with_what_is_right(ledger: SqlLedger) -> None:
    first, second = decided(ledger), decided(ledger)
    say(ledger, first, How.CORRECTION, "cash")
    say(ledger, first, How.CORRECTION, "vip", field="queue")
    say(ledger, second, How.CORRECTION, "card")
    say(ledger, second, How.AUDIT, "cash", field="priority")
    with reading(ledger.engine) as connection:
        assert read_decided(connection, NOON) == [Decided(issue_type="card", at=NOON, tickets=2)]
        assert read_decided(connection, LATER) == []
        wrong = read_wrong(connection, NOON)
        assert read_wrong(connection, LATER) == []
    at = first.routed_at
    assert at is not None
    assert sorted(wrong, key=lambda one: one.field) == [
        Wrong(field="issue_type", at=at, said="card", truth="cash"),
        Wrong(field="queue", at=at, said="card"),
    ]
    judged = judge(ledger.engine, LATER, Watch(least_past=0))
    assert {(one.field, one.missing, one.tickets, one.wrong) for one in judged} == {
        ("issue_type", False, 2, 1),
        ("issue_type", True, 2, 0),
        ("priority", False, 2, 0),
        ("queue", False, 2, 1),
    }


def test_a_ticket_is_claimed_by_one_until_their_time_is_over(ledger: SqlLedger) -> None:
    run = RunId("r1")
    assert ledger.claim_audit(run, "ada", NOON, NOON - 60)
    assert not ledger.claim_audit(run, "bob", NOON + 59, NOON - 1)
    assert ledger.claim_audit(run, "ada", NOON + 59, NOON - 1)
    assert ledger.claims() == {run: ("ada", NOON + 59)}
    assert ledger.claim_audit(run, "bob", NOON + 120, NOON + 60)
    ledger.end_claim(run)
    assert ledger.claims() == {}


def test_of_two_who_come_at_once_one_gets_it(ledger: SqlLedger) -> None:
    with ThreadPoolExecutor(8) as pool:
        got = list(
            pool.map(
                lambda name: ledger.claim_audit(RunId("r1"), f"p{name}", NOON, NOON - 60), range(8)
            )
        )
    assert got.count(True) == 1
