"""Money when several want it at the same moment: nobody waits for each other in a circle."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

from tasks.ports.ledger import Reserved, WorkerRow
from tasks.run import Incarnation
from tests.ledgers import a_change, a_claim, an_arrival, claim_all, take_in
from tests.moneyed import TODAY, a_wish, account, answered, assert_counted, cap, stands
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger

MANY = 32


def at_once(*calls: Callable[[], object]) -> list[object]:
    """What each gives, all of them begun at the same moment."""
    barrier = Barrier(len(calls))

    def begin(call: Callable[[], object]) -> object:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def _born(ledger: SqlLedger, name: str) -> Incarnation:
    ledger.born(
        WorkerRow(
            incarnation=Incarnation(name),
            host="here",
            pid=1,
            version="1",
            tiers=(),
            beat=0,
            started_at=NOON,
            beat_at=NOON,
        )
    )
    return Incarnation(name)


def test_groups_that_race_for_a_cap_never_pass_it(ledger: SqlLedger) -> None:
    for attempt in range(10):
        day = f"2001-01-{attempt + 1:02}"
        cap(ledger, "economy", 100 * MANY - 1)
        runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(4 * MANY))))
        groups = [[a_wish(run, 100, f"{day}/economy") for run in runs[n::4]] for n in range(4)]
        came = at_once(*(partial(ledger.reserve, group) for group in groups))
        outcomes = [one for group in came for one in group]  # type: ignore[attr-defined]
        assert outcomes.count(Reserved.DONE) == MANY - 1
        assert outcomes.count(Reserved.SHORT) == 3 * MANY + 1
        assert account(ledger, day=day).left == 99


def test_whoever_makes_the_days_row_does_not_keep_others_from_it(ledger: SqlLedger) -> None:
    for attempt in range(10):
        day = f"2002-01-{attempt + 1:02}"
        runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(8))))
        wishes = [partial(ledger.reserve, [a_wish(run, 10, f"{day}/premium")]) for run in runs]
        assert at_once(*wishes) == [[Reserved.DONE]] * 8
        assert stands(ledger, "premium", day) == (80, 0)


def test_those_who_reserve_settle_and_take_over_do_not_lock_each_other_up(
    ledger: SqlLedger,
) -> None:
    """All of them at the same runs and the same day, in opposite orders."""
    for attempt in range(10):
        owner = _born(ledger, f"w-{attempt}")
        names = [f"T-{attempt}-{number}" for number in range(MANY)]
        queued = take_in(ledger, *(an_arrival(name) for name in names))
        claimed = ledger.claim([a_claim(run, owner) for run in queued], NOON)
        runs = [one.run for one in claimed if one]
        first = [a_wish(run, 10) for run in runs[::2]]
        assert set(ledger.reserve(first)) == {Reserved.DONE}
        newer = [an_arrival(name, says="more") for name in names[::3]]
        at_once(
            partial(ledger.commit, [a_change(change.after, answered(7)) for change in first]),
            partial(ledger.reserve, [a_wish(run, 10) for run in runs[::-1]]),
            partial(ledger.reserve, [a_wish(run, 10) for run in runs]),
            partial(ledger.ingest, newer, cursor=None),
            partial(ledger.bury, owner, NOON),
        )
    assert account(ledger, day=TODAY).reserved == 0
    assert_counted(ledger)
