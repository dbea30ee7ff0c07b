"""When an open breaker may be probed, and by whom."""

from collections.abc import Callable

from tasks.ports.clock import Clock
from worker.guards.passing import Due, Later
from worker.guards.rule import Rule
from worker.guards.shared import Lease

SPARE = 0.25
"""Of an interval: with less left of a lease, somebody else may have the next one before all know
that it counts anew."""


class Probing:
    """The probes of one breaker, as one process knows of them. Moments are monotonic seconds."""

    def __init__(
        self, rule: Rule, clock: Clock, chance: Callable[[], float], token: Callable[[], str]
    ) -> None:
        self.interval = 0.0  # how long it stays open, or did last
        self.token: str | None = None  # of the probe of ours that is awaited
        self.back: Lease | None = None  # what is to be given back
        self._rule, self._clock, self._chance, self._token = rule, clock, chance, token
        self._due = 0.0
        self._until = 0.0  # the probe of ours has as long
        self._others_until = 0.0
        self._alone_due: float | None = None
        self._asking = False

    def open(self, interval: float) -> None:
        """It stays open so long from now; what was probed before is over."""
        self.interval = interval
        self.token = None
        self._wait(interval)

    def hear(self, due_in: float, probe_in: float) -> None:
        """When it is due by what everybody knows; `probe_in`: somebody probes it for so long."""
        if self.token is None:
            self._wait(max(due_in, probe_in))
        self._others_until = self._clock.monotonic() + probe_in if probe_in else 0.0

    def look(self, generation: int, *, alone: bool) -> Later | Due:
        """Whether it is due. Who is told so says what came of it: `begin`, `wait` or `forgo`."""
        now, due = self._clock.monotonic(), self._due_at(alone=alone)
        if now < due:
            return Later(due - now)
        if self._asking:
            return Later(self._rule.first)
        self._asking = True
        return Due(generation, Lease(token=self._token(), seconds=self.interval), alone)

    def begin(self, wanted: Lease) -> None:
        """We have the lease."""
        self._asking = False
        self.token = wanted.token
        self._until = self._clock.monotonic() + wanted.seconds
        self._wait(wanted.seconds)

    def renew(self) -> bool:
        """The probe of ours leaves now: it has an interval from here. False: it is too late."""
        if self.left < SPARE * self.interval:
            return False
        self._until = self._clock.monotonic() + self.interval
        self._wait(self.interval)
        return True

    def wait(self, seconds: float) -> None:
        """Somebody else has it for so long, or there are news to be heard first (negative)."""
        self._asking = False
        if seconds >= 0:
            self._wait(seconds)

    def forgo(self, wanted: Lease) -> None:
        """Nobody wants it any more; whether it was given is not known."""
        self._asking = False
        self.back = Lease(token=wanted.token, seconds=0.0)

    def give_back(self, *, at_once: bool) -> None:
        """The probe has told us nothing. One that was answered leaves it alone for a while."""
        rest = 0.0 if at_once else min(self._rule.first, self.left)
        self.back = Lease(token=self.token or "", seconds=rest)
        self.token = None
        self._wait(rest)

    @property
    def left(self) -> float:
        """Seconds that the probe of ours has yet; 0 where there is none."""
        return max(0.0, self._until - self._clock.monotonic()) if self.token else 0.0

    @property
    def held(self) -> float:
        """As `left`, of whoever probes it."""
        return max(self.left, self._others_until - self._clock.monotonic(), 0.0)

    @property
    def is_overdue(self) -> bool:
        """Whether the probe of ours has taken longer than it may."""
        return self.token is not None and self.left <= 0

    @property
    def due_in(self) -> float:
        """Seconds until it may be probed."""
        return max(0.0, self._due - self._clock.monotonic())

    def _wait(self, seconds: float) -> None:
        self._due = self._clock.monotonic() + seconds
        self._alone_due = None

    def _due_at(self, *, alone: bool) -> float:
        """Who is on its own waits an interval longer: somebody may just have probed, unheard."""
        if not alone:
            return self._due
        if self._alone_due is None:
            self._alone_due = self._due + self.interval * (1.0 + 0.5 * self._chance())
        return self._alone_due
