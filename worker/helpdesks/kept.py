"""Something that is asked for often and changes seldom."""

from collections.abc import Callable
from typing import Generic, TypeVar

from tasks.ports.clock import Clock

Found = TypeVar("Found")
SECONDS = 60.0


class Kept(Generic[Found]):
    """What was found, for a minute."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: tuple[float, Found] | None = None

    def get(self, look: Callable[[], Found], *, fresh: bool = False) -> Found:
        """What was found lately, else what `look` finds now; two may look at once.

        `fresh` for whoever would refuse something by it: a person may just have mended that.
        """
        now = self._clock.monotonic()
        if fresh or self._found is None or now - self._found[0] >= SECONDS:
            self._found = now, look()
        return self._found[1]
