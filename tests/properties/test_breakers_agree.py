"""However calls end and whatever is forgotten, breakers do as a model does that fits on a page."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from config.guards import Breaker
from tasks.errors import BreakerOpen
from tasks.ports.guards import Ended
from tests.twins.breakers import Process, processes, sync
from worker.guards.passing import Pass

CONFIG = Breaker(
    window_seconds=30, least_calls=4, last_calls=6, open_seconds=5, most_open_seconds=20
)
ANY = st.integers(0, 1)
ENDS = st.sampled_from(list(Ended))


@dataclass
class Model:
    """What a breaker should be: as everybody believes that it is, told in plain words."""

    calls: list[tuple[int, bool]] = field(default_factory=list)  # second, whether it failed
    last: list[bool] = field(default_factory=list)  # the same, however old
    opened: bool = False
    interval: float = 0.0
    due: float = 0.0
    closed_at: float | None = None

    def count(self, now: float, *, failed: bool) -> None:
        """A call while it is closed."""
        fresh = [call for call in self.calls if call[0] >= now - CONFIG.window_seconds]
        self.calls = [*fresh, (int(now), failed)]
        self.last = [*self.last, failed][-CONFIG.last_calls :]
        is_whole = len(self.calls) >= len(self.last)
        judged = self.last if is_whole else [bad for _, bad in self.calls]
        if failed and len(self.calls) >= CONFIG.least_calls and 2 * sum(judged) >= len(judged):
            on_ramp = self.closed_at is not None and now < self.closed_at + CONFIG.ramp_seconds
            again = max(self.interval, CONFIG.open_seconds) if on_ramp else CONFIG.open_seconds
            self.opened, self.interval, self.due = True, again, now + again

    def probed(self, now: float, ended: Ended) -> None:
        """What its probe has come to."""
        match ended:
            case Ended.SUCCESS:
                self.opened, self.closed_at, self.calls, self.last = False, now, [], []
            case Ended.FAILURE:
                self.interval = min(2 * self.interval, CONFIG.most_open_seconds)
                self.due = now + self.interval
            case Ended.NEUTRAL:
                self.due = now + CONFIG.open_seconds
            case Ended.CANCELLED:
                self.due = now


class Breakers(RuleBasedStateMachine):
    """Two processes that tell each other everything after each step, and a model of both."""

    fleet: list[Process]
    model: Model
    slow: list[tuple[int, Pass]]
    under_way: list[int]  # of each process, that nobody has taken to be well yet

    @initialize()
    def begin(self) -> None:
        self.fleet = processes(2, CONFIG, chance=0.0)  # a ramp lets everything through
        self.model, self.slow, self.under_way = Model(), [], [0, 0]
        for one in self.fleet:
            asyncio.run(one.call(Ended.NEUTRAL))
        sync(self.fleet)

    @property
    def now(self) -> float:
        return self.fleet[0].clock.at

    @rule(which=ANY, ended=ENDS)
    def call(self, which: int, ended: Ended) -> None:
        process = self.fleet[which]
        if ended is Ended.FAILURE and not self.model.opened:
            self._outlived(which)
        if self.model.opened and self.now < self.model.due:
            with pytest.raises(BreakerOpen) as held:
                asyncio.run(process.breakers.admit("x"))
            assert held.value.retry_after <= max(0.2, self.model.due - self.now)
        else:
            self._end(process, asyncio.run(process.breakers.admit("x")), ended)
        sync(self.fleet)

    @rule(which=ANY)
    def an_outage(self, which: int) -> None:
        """Without it, it would hardly ever open."""
        for _ in range(CONFIG.least_calls):
            if not self.model.opened:
                self.call(which, Ended.FAILURE)

    @rule(which=ANY, ended=ENDS)
    def a_probe(self, which: int, ended: Ended) -> None:
        """As soon as it is due."""
        if self.model.opened:
            self.fleet[0].clock.at = max(self.now, self.model.due)
            sync(self.fleet)
            self.call(which, ended)

    def _end(self, process: Process, leave: Pass, ended: Ended) -> None:
        process.breakers.report(leave, ended)
        if self.model.opened:
            assert self.now >= self.model.due
            assert leave.probe is not None
            self.model.probed(self.now, ended)
        elif ended in (Ended.SUCCESS, Ended.FAILURE):
            self.model.count(self.now, failed=ended is Ended.FAILURE)
        self._opened()

    def _opened(self) -> None:
        """Those under way are of the time before, then."""
        if self.model.opened:
            self.under_way = [0, 0]

    def _outlived(self, which: int) -> None:
        """Whoever began before a failure and is under way counts as well."""
        for _ in range(self.under_way[which]):
            self.model.count(self.now, failed=False)
        self.under_way[which] = 0

    @rule(which=ANY)
    def begin_a_slow_one(self, which: int) -> None:
        """It ends when it says nothing any more, whatever it says."""
        if not self.model.opened:
            leave = asyncio.run(self.fleet[which].breakers.admit("x"))
            self.slow.append((which, leave))
            self.under_way[which] += 1

    @rule(ended=ENDS)
    def end_one_from_before(self, ended: Ended) -> None:
        if self.slow and self.model.opened:
            which, leave = self.slow.pop()
            self.fleet[which].breakers.report(leave, ended)
            sync(self.fleet)

    @rule(seconds=st.sampled_from([1, 2, 5, 11, 40]))
    def time_passes(self, seconds: int) -> None:
        self.fleet[0].clock.at += seconds
        sync(self.fleet)

    @rule()
    def everything_is_forgotten(self) -> None:
        """Calls may be: how it stands is put back."""
        self.fleet[0].shared.flush()
        self.model.calls.clear()
        self.model.last.clear()
        sync(self.fleet)

    @invariant()
    def all_agree_with_the_model(self) -> None:
        for one in self.fleet:
            standing = one.breakers.standing("x")
            assert (standing.state == "open") is self.model.opened
            if self.model.opened:
                assert standing.probe_in == max(0.0, self.model.due - self.now)


TestBreakers = Breakers.TestCase
TestBreakers.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
