"""Whatever happens to runs that ask for money, in any order: the days are the sum of the runs."""

from datetime import date, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from config.tiers import TIERS, TierName
from tasks.accounts import FLEET, SCOPES
from tasks.events import Body, Kind
from tasks.ports.ledger import Change, Reserved
from tasks.run import Incarnation, State
from tests.ledgers import (
    BURIED,
    DROPPED,
    WAITING,
    a_change,
    a_claim,
    an_arrival,
    is_sqlite,
    sent,
    take_in,
)
from tests.moneyed import a_wish, answered, assert_counted, cap, unanswered
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger

OWNERS = 2
RUNS = 5
HAPPENINGS: dict[str, tuple[Kind, Body]] = {
    "waits": WAITING,
    "dies": BURIED,
    "is dropped": DROPPED,
    "is let go": (Kind.RELEASED, {"why": "cancelled"}),
}
_days = count()

places = st.integers(0, RUNS - 1)
wishes = st.lists(
    st.tuples(places, st.integers(0, 60), st.sampled_from(TIERS), st.booleans()),
    max_size=6,
    unique_by=lambda wish: wish[0],  # a run has one journal
)


class Till(RuleBasedStateMachine):
    """Five runs on one day that no other example has. Caps are raised only, so that they hold."""

    ledger: SqlLedger

    @initialize()
    def begin(self) -> None:
        """Little money, and everybody at work."""
        self.day = (date(2000, 1, 1) + timedelta(days=next(_days))).isoformat()
        self.caps = dict(zip(SCOPES, (150, 100, 80, 60), strict=True))
        for scope, amount in self.caps.items():
            cap(self.ledger, scope, amount)
        self.owners = count()
        self.runs = take_in(self.ledger, *(an_arrival() for _ in range(RUNS)))
        self.stale = list(self.runs)
        self.claim()

    def _commit(self, *changes: Change) -> list[bool]:
        accepted = list(self.ledger.commit(changes))
        for change, ok in zip(changes, accepted, strict=True):
            self._moved(change, ok=ok)
        return accepted

    def _moved(self, change: Change, *, ok: bool) -> None:
        """Accepted where, and only where, it builds on the run as it is."""
        place = [run.id for run in self.runs].index(change.before.id)
        assert ok is (self.runs[place] == change.before)
        if ok:
            self.stale[place], self.runs[place] = self.runs[place], change.after

    @rule()
    def claim(self) -> None:
        """Whoever is queued is taken by one of two."""
        queued = [run for run in self.runs if run.state is State.QUEUED]
        owner = Incarnation(f"{self.day}-{next(self.owners) % OWNERS}")
        for found in self.ledger.claim([a_claim(run, owner) for run in queued], NOON):
            assert found
            place = [run.id for run in self.runs].index(found.run.id)
            self.stale[place], self.runs[place] = self.runs[place], found.run

    @rule(wanted=wishes)
    def reserve(self, wanted: list[tuple[int, int, TierName, bool]]) -> None:
        """A group of them, some for runs that stand elsewhere by now."""
        changes = [
            a_wish(self.stale[place] if late else self.runs[place], amount, f"{self.day}/{tier}")
            for place, amount, tier, late in wanted
        ]
        for change, came in zip(changes, self.ledger.reserve(changes), strict=True):
            if came is not Reserved.SHORT:
                self._moved(change, ok=came is Reserved.DONE)

    @rule(place=places, cost=st.integers(0, 60), says=st.booleans(), late=st.booleans())
    def settle(self, *, place: int, cost: int, says: bool, late: bool) -> None:
        """The call came to an end, at no more than was reserved for it."""
        run = (self.stale if late else self.runs)[place]
        happened = (answered if says else unanswered)(min(cost, run.reserved))
        self._commit(a_change(run, happened))

    @rule(places=st.lists(places, max_size=3), what=st.sampled_from(list(HAPPENINGS)))
    def happen(self, places: list[int], what: str) -> None:
        """Several at once; some of them twice in their group."""
        happening = HAPPENINGS[what]
        self._commit(*(a_change(self.runs[place], happening) for place in places))

    @rule(place=places, stage=st.sampled_from(["enrich", "classify"]))
    def begin_again(self, place: int, stage: str) -> None:
        """By the reaper, or by an operator's hand."""
        run = self.runs[place]
        again = (Kind.REQUEUED, {"stage": stage, "tier": "economy"})
        self._commit(a_change(run, *([] if run.state is State.WAITING else [again]), sent(run)))

    @rule(number=st.integers(0, OWNERS - 1))
    def bury(self, number: int) -> None:
        """A worker is dead, and whatever it had is lost to it."""
        owner = Incarnation(f"{self.day}-{number}")
        for taken in self.ledger.bury(owner, NOON):
            place = [run.id for run in self.runs].index(taken.id)
            self.stale[place], self.runs[place] = self.runs[place], taken

    @rule(scope=st.sampled_from(SCOPES), by=st.integers(1, 50))
    def raise_cap(self, scope: str, by: int) -> None:
        """An operator gives more."""
        self.caps[scope] += by
        cap(self.ledger, scope, self.caps[scope])

    @invariant()
    def no_cap_is_passed(self) -> None:
        """By any sum of what is spent and what may be."""
        for account in self.ledger.accounts(self.day):
            assert account.spent >= 0
            assert account.reserved >= 0
            assert account.cap == self.caps[account.scope]
            assert account.left >= 0

    @invariant()
    def the_day_is_the_sum_of_its_runs(self) -> None:
        """What they have reserved now, and whatever they have cost."""
        fleet, *tiers = self.ledger.accounts(self.day)
        assert fleet.scope == FLEET
        assert fleet.reserved == sum(run.reserved for run in self.runs)
        assert fleet.spent == sum(run.micro_usd for run in self.runs)
        for account in tiers:
            mine = [r for r in self.runs if r.reserved_for == f"{self.day}/{account.scope}"]
            assert account.reserved == sum(run.reserved for run in mine)

    @invariant()
    def the_ledger_stands_where_it_said(self) -> None:
        """Row by row."""
        assert [self.ledger.run(run.id) for run in self.runs] == self.runs

    def teardown(self) -> None:
        """Counted a third time: event by event."""
        assert_counted(self.ledger)


@pytest.mark.timeout(240)
def test_the_days_are_the_sum_of_the_runs(ledger: SqlLedger) -> None:
    class Here(Till):
        pass

    Here.ledger = ledger
    many = settings().max_examples
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=many // 2 if is_sqlite(ledger) else many // 5,
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
