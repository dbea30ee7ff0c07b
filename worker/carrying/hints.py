"""Tells the broker that work is due."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tasks.run import Run
from tasks.waypoints import Waypoint, passing
from worker.broker.errors import BrokerDown
from worker.broker.queues import Broker
from worker.broker.wire import Hint
from worker.telemetry.log import Log


def hint_of(run: Run) -> Hint:
    """The message that tells of this run."""
    return Hint(task=f"tasks.{run.stage}", run=run.id, send_n=run.send_n, queue=run.tier)


class BrokerHints:
    """Pushes hints off the loop; what cannot be pushed the reaper finds."""

    def __init__(self, broker: Broker, log: Log) -> None:
        self._broker = broker
        self._log = log
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hints")

    async def send(self, runs: Sequence[Run], *, ahead: bool = False) -> None:
        """Tells the broker that these runs are queued; `ahead` of all that wait."""
        push = partial(self._broker.push, [hint_of(run) for run in runs], ahead=ahead)
        passing(Waypoint.PUSHING)
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, push)
        except BrokerDown:
            self._log.warning("hints.unsent", count=len(runs))
        passing(Waypoint.PUSHED)
