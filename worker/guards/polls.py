"""Polls of a helpdesk keep to the fleet's limit, too: they wait for their turn where they are."""

from collections.abc import Callable, Collection, Coroutine
from threading import Event, Lock

from tasks.errors import RateLimited
from tasks.ports.clock import Clock
from tasks.ports.guards import Errand
from worker.guards.doors import Limits
from worker.telemetry.log import Log

VISIT = 12
"""Requests that leave is taken for at once: some four tickets."""

PATIENCE_SECONDS = 120.0
"""For one request. A poll that is given up brings what it has read until then."""

LANE = "polls"
"""Of their own: they and writes take turns, however many of either wait."""


class NoTurn(RateLimited):
    """At our own limit: the helpdesk has said nothing, and nobody else has to leave it alone."""


class PollPace:
    """Called before each request of a poll; blocks until there is leave, from any thread.

    Raises NoTurn where that takes too long, or the process is ending.
    """

    def __init__(
        self,
        upstream: str,
        limits: Limits,
        *,
        me: str,
        clock: Clock,
        on_loop: Callable[[Coroutine[None, None, None]], None],
        log: Log,
        off: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`me`: a name that no other process has; `off`: guards that are done without."""
        self._errand = Errand(upstream=upstream, visit=VISIT, whose=f"{LANE} {me}", lane=LANE)
        self._limits = limits
        self._clock = clock
        self._on_loop = on_loop
        self._log = log
        self._off = off
        self._turn = Lock()  # one asks, and the others get what it was given
        self._ending = Event()

    def __call__(self) -> None:
        """Leave for one request."""
        if "rate_limits" in self._off():
            return
        until = self._clock.monotonic() + PATIENCE_SECONDS
        with self._turn:
            while True:
                try:
                    self._on_loop(self._take())
                except RateLimited as error:
                    wait = error.retry_after or 1.0
                    if self._clock.monotonic() + wait > until or self._waits(wait):
                        raise NoTurn(str(error), retry_after=wait) from None
                else:
                    return

    def told(self, error: RateLimited) -> None:
        """The helpdesk has asked a poll to slow down: so does the whole fleet."""
        self._on_loop(self._tell(error))

    def end(self) -> None:
        """Nobody waits any more."""
        self._ending.set()

    def _waits(self, seconds: float) -> bool:
        """For so long, or until the process is ending; whether it is."""
        self._log.info("poll.waits", upstream=self._errand.upstream, seconds=seconds)
        return self._ending.wait(seconds)

    async def _tell(self, error: RateLimited) -> None:
        self._limits.told(self._errand.upstream, error.retry_after)

    async def _take(self) -> None:
        await self._limits.take(self._errand)
        self._limits.settle(self._errand, 1)
