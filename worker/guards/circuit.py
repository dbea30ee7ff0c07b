"""One breaker in one process: what it lets through, and what it makes of how that ended.

The state machine is pybreaker's. This file knows the time, which pybreaker would ask of the clock
in whole seconds, and what other processes say. Nothing here does I/O; each method takes
microseconds, under a lock that nobody holds for longer.
"""

from collections.abc import Callable
from threading import Event, Lock
from typing import Literal

from tasks.ports.clock import Clock
from tasks.ports.guards import Ended
from worker.guards.machine import STATE_CLOSED, STATE_HALF_OPEN, STATE_OPEN, Machine
from worker.guards.passing import Change, Due, Later, Pass
from worker.guards.probing import Probing
from worker.guards.ramp import Ramp
from worker.guards.rule import PARTS, Rule
from worker.guards.shared import Lease
from worker.guards.under_way import UnderWay
from worker.guards.window import Window

FALTERING = 0.2
"""The share of failures from which one more says little of whom it has met: four tries in a row
fail one ticket in 600 there by chance, and one in 16 just before a breaker opens."""

SOON_SECONDS = 1.0
"""When somebody asks again whom a ramp did not let through."""


class Circuit:
    """A breaker. `token` names probes, `wake` has it told soon."""

    def __init__(
        self,
        name: str,
        rule: Rule,
        *,
        clock: Clock,
        chance: Callable[[], float],
        token: Callable[[], str],
        wake: Callable[[], None],
    ) -> None:
        self.name = name
        self.rule = rule
        self.goes = True  # closed, and no ramp: read without the lock, once a call
        self.cause = ""
        self.met = Event()  # set once others were heard of, or found to be away
        self._clock, self._wake = clock, wake
        self._window = Window(rule, clock)
        self._probing = Probing(rule, clock, chance, token)
        self._under_way = UnderWay()
        self._ramp = Ramp(rule.ramp, clock, chance)
        self._lock = Lock()
        self._spell = self._generation = self._heard = self._counted_in = 0
        self._since = clock.now()
        self._alone = True  # nobody else was heard of lately
        self._changes: list[Change] = []
        self._machine = Machine(self._window, rule, self._changed)

    @property
    def is_shut(self) -> bool:
        """Whether nothing but a probe goes through."""
        return self._machine.state != STATE_CLOSED

    @property
    def falters(self) -> bool:
        """Whether so many calls fail, of enough, that it need not be the callers' doing."""
        with self._lock:
            return self._window.failing() >= FALTERING * PARTS

    # ── Before a call ────────────────────────────────────────────────────────────────────────────

    def admit(self) -> Pass:
        """Leave for a call that goes through, once a call: without the lock, for the event loop."""
        leave = Pass(self.name, self._spell, self._clock.monotonic())
        self._under_way.begin(leave)
        return leave

    def ask(self) -> Pass | Later | Due:
        """Whether one call may be made. Who is told Due says next: `probes`, `waits`, `forgoes`."""
        with self._lock:
            if self.is_shut:
                self._give_up()
                return self._probing.look(self._generation, alone=self._alone)
            left = self._ramp.left
            self.goes = left <= 0
            if self.goes or self._ramp.lets(left):
                return self.admit()
            return Later(min(SOON_SECONDS, left), ramp=True)

    def probes(self, wanted: Lease) -> Pass | Later:
        """The lease is ours. Later: the breaker has closed while we asked for it."""
        with self._lock:
            if not self.is_shut:
                self._probing.forgo(wanted)
                return Later(0.0)
            self._probing.begin(wanted)
            self._machine.take_over(STATE_HALF_OPEN)
            return Pass(self.name, self._spell, probe=wanted.token)

    def waits(self, seconds: float) -> Later:
        """The lease is somebody else's for so long; a negative number: there are news to hear."""
        with self._lock:
            self._probing.wait(seconds)
        if seconds < 0:
            self._wake()
        return Later(max(0.0, seconds))

    def forgoes(self, wanted: Lease) -> None:
        """Nobody waits for that lease any more; whether it was given is not known."""
        with self._lock:
            self._probing.forgo(wanted)
        self._wake()

    def leaves(self, probe: str) -> bool:
        """Whether that probe may be sent by now; from here on it has its interval once more.

        Between leave and request somebody may have waited for money, or for the processor. One
        that is too late has failed: else two would come in one interval.
        """
        with self._lock:
            if not self.is_shut:
                return True
            is_ours = probe == self._probing.token
            if is_ours and self._probing.renew():
                self._wake()
                return True
            if is_ours:
                self._fail(self.cause)
            return False

    # ── After it ─────────────────────────────────────────────────────────────────────────────────

    def report(self, leave: Pass, ended: Ended, cause: str = "") -> None:
        """How the call ended. One that began before the breaker opened or closed says nothing."""
        with self._lock:
            if leave.spell != self._spell:
                return
            if leave.probe is not None:
                self._probed(leave.probe, ended, cause)
                return
            was_counted = self._under_way.end(leave)
            if ended is Ended.FAILURE:
                self._outlived(leave)
                self._fail(cause, after_all=was_counted)
            elif ended is Ended.SUCCESS and not was_counted and not self.rule.at_once:
                self._machine.succeed()

    def _outlived(self, failed: Pass) -> None:
        """What a failure says of others."""
        if self.rule.at_once:  # of a key one refusal says all there is to say
            return
        for _ in range(self._under_way.outlive(failed)):
            self._window.add(success=True, soon=True)

    def _probed(self, token: str, ended: Ended, cause: str) -> None:
        """Success is believed of every probe of this spell, failure of the one that is awaited."""
        if ended is Ended.SUCCESS:
            self._machine.take_over(STATE_HALF_OPEN)
            self._machine.succeed()
        elif token != self._probing.token:
            return
        elif ended is Ended.FAILURE:
            self._fail(cause)
        else:
            self._probing.give_back(at_once=ended is Ended.CANCELLED)
            self._machine.take_over(STATE_OPEN)
            self._wake()

    def _give_up(self) -> None:
        """A probe that took longer than its interval has failed, unless it succeeds one day."""
        if self._probing.is_overdue:
            self._fail(self.cause)

    def _fail(self, cause: str, *, after_all: bool = False) -> None:
        self.cause = cause
        self._machine.fail(after_all=after_all)
        if not self.is_shut and self._is_near():
            self._wake()

    def _is_near(self) -> bool:
        """Whether it may open soon, so that all should know what each knows."""
        good, bad = self._window.calls()
        few = good + bad < 2 * self.rule.least_calls
        return few or 2 * self._window.failing() >= self.rule.parts

    # ── What pybreaker says ──────────────────────────────────────────────────────────────────────

    def _changed(self, before: str, after: str) -> None:
        """The state machine has moved by itself."""
        if after == STATE_HALF_OPEN:
            return
        if after == STATE_CLOSED:
            self._note("closed", self._clock.now() - self._since)
            self._generation += 1
            self._close(0.0)
        elif before == STATE_CLOSED:
            again = self._ramp.left > 0
            first = self.rule.first
            self._probing.open(max(self._probing.interval, first) if again else first)
            self._note("opened", self._probing.interval)
            self._generation += 1
            self._turn(self._clock.now(), goes=False)
        else:
            self._generation += 1
            self._probing.open(self.rule.longer(self._probing.interval))
        self._wake()

    def _close(self, ago: float | None) -> None:
        """It is closed since then, and nobody has called yet."""
        self._ramp.begin(ago)
        self._counted_in = self._generation
        self._window.clear()
        self._probing.token = None
        self.cause = ""
        self._turn(self._clock.now() - (ago or 0.0), goes=self._ramp.left <= 0)

    def _turn(self, since: float, *, goes: bool) -> None:
        """It has opened or closed: calls that were begun before are of no interest any more."""
        self._spell += 1
        self._since = since
        self._under_way = UnderWay()
        self.goes = goes

    def _note(self, kind: Literal["opened", "closed"], seconds: float) -> None:
        good, bad = self._window.calls()
        change = Change(
            kind=kind,
            name=self.name,
            after=self._generation,
            at=self._clock.now(),
            share=self._window.share(),
            calls=good + bad,
            seconds=seconds,
            cause=self.cause,
            alone=self._alone,
        )
        self._changes.append(change)
