"""A suspect in a process that has nothing else to lose."""

import threading
from multiprocessing.context import ForkServerContext

from tasks.run import Run
from worker.quarantine.process import FAILED, Given, begin, code_of, fleet_for


class Alone:
    """A process that is to be, is, or has been."""

    def __init__(self, context: ForkServerContext, given: Given, run: Run) -> None:
        self._process = context.Process(
            target=_carry, args=(given, run), name=f"suspect-{run.id}", daemon=True
        )
        self._is_ended = False
        self._door = threading.Lock()  # none is started behind the one who ends it

    def live(self) -> int | None:
        """Starts it and waits for its end; its exit code."""
        with self._door:
            if self._is_ended:
                return FAILED
            begin(self._process)
        return code_of(self._process)

    def end(self) -> None:
        """Has it put its run back, or never begin."""
        with self._door:
            self._is_ended = True
            if self._process.pid is not None:
                self._process.terminate()


def _carry(given: Given, run: Run) -> None:
    """The life of that process."""
    with fleet_for(given, run.owner) as fleet:
        fleet.carry_held(run)
