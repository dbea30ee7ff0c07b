"""A broker in memory, for a world in which one thing happens at a time."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from tasks.run import Run, RunId
from tasks.waypoints import Waypoint, passing
from worker.broker.errors import BrokerDown
from worker.broker.names import QUEUES, QueueName
from worker.broker.wire import Hint
from worker.carrying.hints import hint_of


class MemoryBroker:
    """What Triage Fleet uses of the real one, and a hand that takes messages from it.

    The next to be delivered stands first.
    """

    def __init__(self) -> None:
        self.queues: dict[QueueName, deque[Hint]] = {name: deque() for name in QUEUES}
        self.mark: str | None = None
        self.pushes = 0
        self.is_away = False

    def push(self, hints: Iterable[Hint], *, ahead: bool = False) -> None:
        """Puts hints on their queues; `ahead` of all that wait there."""
        if self.is_away:
            message = "away"
            raise BrokerDown(message)
        for hint in reversed(list(hints)) if ahead else hints:
            queue = self.queues[hint.queue]
            (queue.appendleft if ahead else queue.append)(hint)
            self.pushes += 1

    def take(self) -> Hint | None:
        """The next message of any tier."""
        for name in ("premium", "standard", "economy"):
            if self.queues[name]:
                return self.queues[name].popleft()
        return None

    def flush(self) -> None:
        """FLUSHALL."""
        for queue in self.queues.values():
            queue.clear()
        self.mark = None

    def depths(self) -> dict[QueueName, int]:
        """How many wait."""
        return {name: len(queue) for name, queue in self.queues.items()}

    def unacked(self) -> dict[QueueName, int]:
        """None: what is delivered here is begun at once."""
        return dict.fromkeys(QUEUES, 0)

    def held(self) -> set[tuple[RunId, int]]:
        """Every run and send number that is there."""
        return {(hint.run, hint.send_n) for queue in self.queues.values() for hint in queue}

    def tail(self, queue: QueueName) -> Hint | None:
        """The next of that queue."""
        return self.queues[queue][0] if self.queues[queue] else None

    def hints(self, queue: QueueName) -> Iterator[Hint]:
        """What waits there."""
        return iter(tuple(self.queues[queue]))

    def replace_queue(self, queue: QueueName, hints: Iterable[Hint]) -> None:
        """These in place of what waits."""
        self.queues[queue] = deque(hints)

    def set_epoch(self, mark: str) -> bool:
        """Whether there was none."""
        fresh = self.mark is None
        self.mark = self.mark or mark
        return fresh


class MemoryHints:
    """What a carrier tells the broker."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker

    async def send(self, runs: Sequence[Run], *, ahead: bool = False) -> None:
        """As the real one, without a thread."""
        passing(Waypoint.PUSHING)
        self._broker.push([hint_of(run) for run in runs], ahead=ahead)
        passing(Waypoint.PUSHED)
