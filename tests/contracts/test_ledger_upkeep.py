"""What every ledger tells those who keep the fleet going."""

from dataclasses import replace

from tasks.journey import fold
from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation, Run
from tests.ledgers import (
    BURIED,
    ENRICHED,
    ME,
    WAITING,
    WRITTEN,
    a_change,
    a_claim,
    a_queued,
    a_running,
    an_arrival,
    claim_all,
    move,
    sent,
    take_in,
)
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger

HEIR = Incarnation("there-2-second")


def _worker(incarnation: Incarnation = ME, beat: int = 0) -> WorkerRow:
    return WorkerRow(
        incarnation=incarnation,
        host="here",
        pid=1,
        version="0.1.0",
        tiers=("economy", "premium"),
        beat=beat,
        started_at=NOON,
        beat_at=NOON + beat,
    )


def test_a_life_begins_beats_and_ends(ledger: SqlLedger) -> None:
    assert ledger.workers() == []
    ledger.born(_worker())
    assert list(ledger.workers()) == [_worker()]
    assert [ledger.beat(ME, NOON + 1), ledger.beat(ME, NOON + 2)] == [True, True]
    assert list(ledger.workers()) == [_worker(beat=2)]
    ledger.ended(ME, NOON + 3)
    assert ledger.workers() == []


def test_a_life_that_others_declared_over_does_not_beat_again(ledger: SqlLedger) -> None:
    ledger.born(_worker())
    ledger.born(_worker(HEIR))
    ledger.ended(ME, NOON)
    assert not ledger.beat(ME, NOON + 1)
    assert not ledger.beat(Incarnation("nobody"), NOON + 1)
    assert ledger.beat(HEIR, NOON + 1)


def test_a_worker_of_no_tier_has_no_tier(ledger: SqlLedger) -> None:
    ledger.born(replace(_worker(), tiers=()))
    assert [worker.tiers for worker in ledger.workers()] == [()]


def test_runs_of_a_life_that_is_over_are_orphans(ledger: SqlLedger) -> None:
    ledger.born(_worker())
    run, waiting = a_running(ledger), move(ledger, a_running(ledger), WAITING)
    stranger = claim_by(ledger, Incarnation("never-born"))
    assert list(ledger.orphans(10)) == [stranger]
    ledger.ended(ME, NOON)
    assert {orphan.id for orphan in ledger.orphans(10)} == {run.id, stranger.id}
    assert waiting.id not in {orphan.id for orphan in ledger.orphans(10)}
    assert len(ledger.orphans(1)) == 1
    move(ledger, run, sent(run))
    assert list(ledger.orphans(10)) == [stranger]


def test_a_life_is_buried_with_its_runs(ledger: SqlLedger) -> None:
    """In one go: whatever that process still tries is refused."""
    ledger.born(_worker())
    ledger.born(_worker(HEIR))
    mine, waiting = a_running(ledger), move(ledger, a_running(ledger), WAITING)
    others = claim_by(ledger, HEIR)
    (taken,) = ledger.bury(ME, NOON + 5)
    assert (taken.id, taken.state, taken.owner, taken.suspect) == (mine.id, "queued", None, True)
    assert taken.send_n == mine.send_n + 1
    assert fold(ledger.events(mine.id)) == ledger.run(mine.id) == taken
    assert ledger.commit([a_change(mine, ENRICHED)]) == [False]
    assert [ledger.run(run.id) for run in (waiting, others)] == [waiting, others]
    assert ledger.bury(ME, NOON + 6) == []


def test_who_is_buried_claims_nothing(ledger: SqlLedger) -> None:
    ledger.born(_worker())
    ledger.bury(ME, NOON)
    run = a_queued(ledger)
    assert ledger.claim([a_claim(run), a_claim(run, HEIR)], NOON)[0] is None
    found = ledger.run(run.id)
    assert found
    assert found.owner in (None, HEIR)


def claim_by(ledger: SqlLedger, owner: Incarnation) -> Run:
    """A run that `owner` works on."""
    run = a_queued(ledger)
    (claimed,) = ledger.claim([a_claim(run, owner)], NOON)
    assert claimed
    return claimed.run


def test_what_waits_is_due_when_its_time_has_come_longest_first(ledger: SqlLedger) -> None:
    kind, body = WAITING
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(3))))
    late, soon, now = (
        move(ledger, run, (kind, {**body, "until": NOON + until}))
        for run, until in zip(runs, (50, 20, 10), strict=True)
    )
    assert ledger.due(NOON + 9, 10) == []
    assert list(ledger.due(NOON + 20, 10)) == [now, soon]
    assert list(ledger.due(NOON + 60, 10)) == [now, soon, late]
    assert list(ledger.due(NOON + 60, 1)) == [now]
    move(ledger, now, sent(now))
    assert list(ledger.due(NOON + 60, 10)) == [soon, late]


def test_whoever_waits_by_a_clock_an_hour_ahead_is_due(ledger: SqlLedger) -> None:
    """It was stamped by it as well. A long wait by a right one is no such thing."""
    kind, body = WAITING
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(2))))
    ahead, patient = (move(ledger, run, (kind, {**body, "until": NOON + 9_000})) for run in runs)
    assert list(ledger.due(patient.changed_at, 10)) == []
    assert {run.id for run in ledger.due(NOON - 3_600, 10)} == {ahead.id, patient.id}


def test_queued_runs_of_a_tier_are_told_by_when_they_were_sent(ledger: SqlLedger) -> None:
    arrivals = [an_arrival(at=NOON + number) for number in (3, 1, 2)]
    dear = replace(an_arrival(at=NOON), tier="premium")
    third, first, second, premium = take_in(ledger, *arrivals, dear)
    assert list(ledger.queued("economy", NOON + 3, 10)) == [first, second]
    assert list(ledger.queued("economy", NOON + 9, 10)) == [first, second, third]
    assert list(ledger.queued("economy", NOON + 9, 1)) == [first]
    assert list(ledger.queued("premium", NOON + 9, 10)) == [premium]
    claim_all(ledger, first)
    assert list(ledger.queued("economy", NOON + 9, 10)) == [second, third]


def test_dead_letters_are_told_oldest_first(ledger: SqlLedger) -> None:
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(3))))
    second, first = (move(ledger, run, ENRICHED, BURIED) for run in (runs[1], runs[0]))
    move(ledger, runs[2], WRITTEN)
    assert list(ledger.dead(10)) == [first, second]
    assert list(ledger.dead(1)) == [first]


def test_a_role_passes_on_while_its_number_stands(ledger: SqlLedger) -> None:
    assert ledger.holder("reaper") is None
    assert not ledger.take_role("reaper", HEIR, 1), "nobody had it"
    assert ledger.take_role("reaper", ME, 0)
    assert ledger.holder("reaper") == (ME, 1)
    assert not ledger.take_role("reaper", HEIR, 0)
    assert ledger.take_role("reaper", HEIR, 1)
    assert not ledger.take_role("reaper", ME, 1)
    assert ledger.holder("reaper") == (HEIR, 2)
    assert ledger.holder("poller") is None
