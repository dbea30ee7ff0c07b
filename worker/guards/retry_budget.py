"""How often the fleet tries again: a share of what succeeds, so that an outage costs nothing.

In any 60 s at most 10 % of the successes of the last 5 minutes, and 10 (config.guards.retries).
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import count

from config.guards import Retries
from tasks.errors import RetriesSpent
from tasks.ports.guards import Errand
from worker.broker.errors import BrokerDown
from worker.guards.post import Argument, Letter, Post, Script

WINDOW_SECONDS = 60.0
MEMORY_SECONDS = 300.0
SLICES = 30
"""In which successes are counted; one that is partly too old does not count."""

AWAY_SECONDS = 5.0
"""Until it is worth asking again, where Redis does not answer."""

KEYS = ("triage:retries:made", "triage:retries:successes", "triage:retries:queue")


class RetryBudget:
    """The retries of one process, which are the fleet's.

    Promise: atomic over the fleet, and never above the bound when a retry is let through; where
    nobody can count, nobody retries. A success costs no I/O: it is told with the post's rounds.
    """

    def __init__(
        self, retries: Retries, post: Post, *, me: str, window: float = WINDOW_SECONDS
    ) -> None:
        """`me`: a name that no other process has. `window`: seconds, smaller in tests."""
        self._retries = retries
        self._post = post
        self._me = me
        self._window = window
        self._numbers = count()
        self._succeeded = 0  # only the loop's thread counts here
        self._sent = 0  # and only the post's here
        self._left: int | None = None
        post.on_round(self._round)

    def succeeded(self) -> None:
        """A model has answered."""
        self._succeeded += 1

    async def take(self, errand: Errand) -> None:
        """Leave to try again, where the errand does. Raises RetriesSpent."""
        if not errand.is_retry:
            return
        try:
            answer = await self._post.ask(Script.RETRY_TAKE, KEYS, self._arguments(self._id(), 0))
        except BrokerDown as error:
            raise RetriesSpent(
                "nobody can count the fleet's retries: Redis is away",
                dependency=errand.upstream,
                retry_after=AWAY_SECONDS,
            ) from error
        may, wait, made, allowed = map(str, answer)
        self._left = max(0, int(allowed) - int(made))
        if may != "1":
            raise RetriesSpent(
                f"the fleet has retried {made} times in a minute, and may {allowed} times",
                dependency=errand.upstream,
                retry_after=max(1.0, float(wait)),
            )

    def standing(self) -> Mapping[str, object]:
        """What this process last heard, for the record of a call; empty where that is nothing."""
        return {} if self._left is None else {"retries_left": self._left}

    def _id(self) -> str:
        return f"{self._me}-{next(self._numbers)}"

    def _arguments(self, id_: str, successes: int) -> tuple[Argument, ...]:
        return arguments(self._retries, id_, successes, self._window)

    def _round(self) -> Iterable[Letter]:
        counted = self._succeeded
        heard = partial(self._heard, counted)
        args = self._arguments("", counted - self._sent)
        yield Letter(script=Script.RETRY_TAKE, keys=KEYS, args=args, heard=heard)

    def _heard(self, counted: int, answer: Sequence[object] | None) -> None:
        # Told or not: told twice, they would allow for too much, and told late for too long.
        self._sent = counted
        if answer is not None:
            _, _, made, allowed = map(str, answer)
            self._left = max(0, int(allowed) - int(made))


def arguments(
    retries: Retries, id_: str, successes: int, window: float, now: float | None = None
) -> tuple[Argument, ...]:
    """What retry_take.lua is given; `now` in epoch seconds where it is not Redis' own."""
    memory = window * MEMORY_SECONDS / WINDOW_SECONDS
    at = "" if now is None else f"{now:.6f}"
    return at, id_, successes, retries.share, retries.floor, window, memory, memory / SLICES
