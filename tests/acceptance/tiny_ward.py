"""A fleet for tests of the quarantine: what happens to a run is its id's to say.

Each that it carries leaves a line `PID ID` in the file TRIAGE_TEST_CARRIED.
"""

import os
import threading
from pathlib import Path
from typing import cast

from config.environment import Environment
from tasks.run import Incarnation, Run
from worker.fleet import Fleet

VARIABLE = "TRIAGE_TEST_CARRIED"
GATE = "TRIAGE_TEST_GATE"
"""A folder: there each run that waits leaves a file of its name."""


class TinyFleet:
    """Carries nothing."""

    def __init__(self, carried: Path, gate: Path) -> None:
        self._carried = carried
        self._gate = gate
        self._cancelled = threading.Event()

    def stand_in_for(self, _: Incarnation | None) -> None:
        """Nothing to be begun."""

    def carry_held(self, run: Run) -> None:
        """Dies where the run's id says so, or waits."""
        with self._carried.open("a") as file:
            file.write(f"{os.getpid()} {run.id}\n")
        if run.id.startswith("dies"):
            os.abort()
        if run.id.startswith("waits"):
            (self._gate / run.id).touch()
            self._cancelled.wait()

    def cancel(self) -> None:
        """Everybody who waits goes on."""
        self._cancelled.set()

    def let_go(self) -> None:
        """Nothing to be ended."""


def hire(environment: Environment, queues: frozenset[str]) -> Fleet:
    """Such a fleet; no queue at all makes it fail."""
    if not queues:
        raise RuntimeError
    given = environment.credentials
    return cast(Fleet, TinyFleet(Path(given[VARIABLE]), Path(given[GATE])))
