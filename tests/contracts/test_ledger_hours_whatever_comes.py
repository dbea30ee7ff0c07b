"""The law of a source's hour, whoever comes and writes again, and however the clock goes."""

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.ports.ledger import Source
from tasks.run import Run, RunId, State
from tests.ledgers import ENRICHED, WRITTEN, an_arrival, claim_all, move, take_in
from tests.twins.clock import NOON
from worker.ledgers import schema
from worker.ledgers.ingesting import LOOP_SECONDS
from worker.ledgers.places import HOUR
from worker.ledgers.sql import SqlLedger

LIMIT = 3
MANY = 100
_sources = count(1)
_words = count(1)


class Begun(NamedTuple):
    """A run and when it began, by a clock that has never gone back.

    One whose page was read before its ticket's place was taken begins when that was.
    """

    at: float
    run: RunId


class World:
    """A source of its own, its tickets, and a clock. `moved` is what it was put back by in all."""

    def __init__(self, ledger: SqlLedger) -> None:
        with ledger.engine.begin() as connection:  # those of other examples are not swept
            connection.execute(delete(schema.sources))
        self.ledger = ledger
        self.name = f"rt:{next(_sources)}"
        self.now = NOON
        self.moved = 0.0
        self.begun: list[Begun] = []
        self.newest: dict[str, RunId] = {}
        self.turns: dict[str, int] = {}
        ledger.begin_source(
            Source(name=self.name, mode=Mode.AUTO, per_hour=LIMIT, since=0.0, by="ada", why="")
        )

    def run(self, ticket: str) -> Run:
        found = self.ledger.run(self.newest[ticket])
        assert found
        return found

    def line(self) -> list[str]:
        """Tickets that wait for a place, in their turn."""
        waits = [ticket for ticket in self.newest if self.run(ticket).reason == WaitReason.CAPPED]
        return sorted(waits, key=self.turns.__getitem__)

    def come(self, tickets: list[int], late: float) -> None:
        """A page with a message of each of these; it was read so many seconds ago."""
        names = [f"T-{number}" for number in tickets]
        for name in dict.fromkeys(names):
            if name not in self.newest or not self._is_untouched(self.run(name)):
                self.turns[name] = next(_words)
        arrivals = [
            an_arrival(name, says=f"{next(_words)}", source=self.name, at=self.now - late)
            for name in names
        ]
        places = {one.run: one.at for one in self.begun}
        inherited = {name: places.get(run, 0.0) for name, run in self.newest.items()}
        for run in take_in(self.ledger, *arrivals):
            self.newest[run.external_id] = run.id
            if run.state is State.QUEUED:
                at = max(self.now + self.moved - late, inherited.get(run.external_id, 0.0))
                self.begun.append(Begun(at, run.id))

    def _is_untouched(self, run: Run) -> bool:
        return run.state in (State.QUEUED, State.WAITING) and run.stage == "enrich"

    def sweep(self) -> None:
        """As the reaper does. Nobody who stands in line is passed by, and no place lies idle."""
        assert self.name not in {run.source for run in self.ledger.due(self.now, MANY)}
        before = self.line()
        begun = self.ledger.let_begin(self.now, MANY)
        self.begun += [Begun(self.now + self.moved, run.id) for run in begun]
        tickets = [run.external_id for run in begun]
        assert tickets == sorted(tickets, key=self.turns.__getitem__)
        left = self.line()
        if tickets and left:
            assert self.turns[tickets[-1]] < self.turns[left[0]]
        assert set(before) <= {*tickets, *left}
        if left and not self.moved:
            assert len([one for one in self.stood() if one.at > self.now - HOUR]) == LIMIT

    def work(self) -> None:
        """Somebody has what is queued in hand, and has what was in hand written."""
        for ticket in self.newest:
            run = self.run(ticket)
            if run.state is State.RUNNING:
                move(self.ledger, run, WRITTEN)
            elif run.state is State.QUEUED:
                [claimed] = claim_all(self.ledger, run)
                move(self.ledger, claimed, ENRICHED)

    def stood(self) -> list[Begun]:
        """Those who have begun, but for whom nobody had touched when their customer wrote again."""
        found = [(one, self.ledger.run(one.run)) for one in self.begun]
        return sorted(
            one for one, run in found if run and (run.state, run.stage) != (State.DROPPED, "enrich")
        )

    def end(self) -> None:
        """Nobody comes any more: all begin, and no more of them at once than ever."""
        self.now += LOOP_SECONDS + self.moved
        for _ in range(2 + len(self.newest) // LIMIT):
            self.sweep()
            self.now += HOUR
        assert [t for t in self.newest if self.run(t).state is State.WAITING] == []
        began = [one.at for one in self.stood()]
        for at in began:
            assert len([one for one in began if at - HOUR < one <= at]) <= LIMIT

    def passes(self, seconds: float) -> None:
        self.now += seconds

    def is_put_back(self, seconds: float) -> None:
        self.now -= seconds
        self.moved += seconds


Happening = Callable[[World], None]

comes = st.builds(
    lambda tickets, late: lambda world: world.come(tickets, late),
    st.lists(st.integers(0, 7), min_size=1, max_size=6),
    st.sampled_from([0.0, 0.0, 5.0]),
)
passes = st.sampled_from([1.0, 300.0, 1_200.0, HOUR - 2, HOUR, HOUR + 4]).map(
    lambda seconds: lambda world: world.passes(seconds)
)
is_put_back = st.sampled_from([3.0, 900.0, HOUR + 900.0]).map(
    lambda seconds: lambda world: world.is_put_back(seconds)
)
is_swept: st.SearchStrategy[Happening] = st.just(World.sweep)
is_worked_on: st.SearchStrategy[Happening] = st.just(World.work)
steady = st.one_of(comes, passes, is_swept, is_worked_on)


@pytest.mark.parametrize("happening", [steady, st.one_of(steady, is_put_back)], ids=["", "clock"])
@given(data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_in_no_hour_more_begin_than_may_and_all_do_in_their_turn(
    ledger: SqlLedger, happening: st.SearchStrategy[Happening], data: st.DataObject
) -> None:
    world = World(ledger)
    for happens in data.draw(st.lists(happening, max_size=25)):
        happens(world)
    world.end()
