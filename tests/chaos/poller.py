"""`triage intake` that dies in mid-page: `python -m tests.chaos.poller WAYPOINT N SOURCE`."""

import os
import signal
import sys
from itertools import count

from tasks.waypoints import Waypoint, listen
from worker.cli.main import main


def _die_at(fatal: str, times: int) -> None:
    numbers = count(1)

    def passing(waypoint: Waypoint) -> None:
        if waypoint == fatal and next(numbers) == times:
            os.kill(os.getpid(), signal.SIGKILL)

    listen(passing)


if __name__ == "__main__":
    _die_at(sys.argv[1], int(sys.argv[2]))
    sys.exit(main(["intake", sys.argv[3], "--json"]))
