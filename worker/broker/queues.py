"""What lies on the broker: our own client for it, beside Celery's."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import cast

from redis.exceptions import RedisError, ResponseError

from config.tiers import TIERS
from tasks.run import RunId
from worker.broker.client import client
from worker.broker.errors import BrokerDown
from worker.broker.fitness import Finding, judge
from worker.broker.names import EPOCH, QUEUES, UNACKED, QueueName
from worker.broker.url import shown
from worker.broker.wire import Hint, decode, decode_unacked, encode, queue_of_unacked
from worker.refusals import RefusedToStart

CONNECT_SECONDS = 2.0
ANSWER_SECONDS = 10.0
CHUNK = 1_000  # messages in one round trip: about 0.4 MB
SAMPLE = 5_000  # unacknowledged messages that are looked at before the rest is estimated
DRAFT_SECONDS = 60  # a replacement that was never finished vanishes


class Broker:
    """Hints on the broker: put there, counted and read back.

    Nothing here consumes. Each call is tried once. Thread-safe. Every method raises BrokerDown when
    the broker does not answer or refuses.
    """

    def __init__(self, broker_url: str) -> None:
        self._name = shown(broker_url)
        self._redis = client(broker_url, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS)

    def close(self) -> None:
        """Closes the connections."""
        self._redis.close()

    def ping(self) -> None:
        """Returns when the broker answers."""
        with self._spoken():
            self._redis.ping()

    def check(self) -> tuple[Finding, ...]:
        """What speaks against this Redis; nothing is changed."""
        with self._spoken():
            return judge(self._redis.info(), snapshots=self._snapshots())

    def refuse_unfit(self) -> None:
        """Raises RefusedToStart where this Redis must not carry hints."""
        for finding in self.check():
            if finding.refuses:
                raise RefusedToStart(finding.what, remedy=finding.remedy)

    def push(self, hints: Iterable[Hint], *, ahead: bool = False) -> None:
        """Puts hints on their queues, the first to be consumed first; `ahead` of all that wait.

        After BrokerDown some may lie there; to push all of them again does no harm.
        """
        chunks = list(_chunks(hints))
        for some in reversed(chunks) if ahead else chunks:
            messages: dict[QueueName, list[bytes]] = {}
            for hint in some:
                messages.setdefault(hint.queue, []).append(encode(hint))
            with self._spoken(), self._redis.pipeline(transaction=False) as pipe:
                for queue, waiting in messages.items():
                    if ahead:
                        pipe.rpush(queue, *reversed(waiting))
                    else:
                        pipe.lpush(queue, *waiting)
                pipe.execute()

    def depths(self) -> dict[QueueName, int]:
        """How many messages wait in each queue."""
        with self._spoken(), self._redis.pipeline(transaction=False) as pipe:
            for queue in QUEUES:
                pipe.llen(queue)
            return dict(zip(QUEUES, cast("list[int]", pipe.execute()), strict=True))

    def unacked(self) -> dict[QueueName, int]:
        """How many messages workers have and have not acknowledged, by the queue they came from.

        Counted up to some thousands; beyond, the shares of those stand for all.
        """
        counts: dict[QueueName, int] = dict.fromkeys(QUEUES, 0)
        seen = 0
        for raw in islice(self._unacked(), SAMPLE):
            seen += 1
            if queue := queue_of_unacked(raw):
                counts[queue] += 1
        if seen < SAMPLE:
            return counts
        with self._spoken():
            whole = max(seen, self._redis.hlen(UNACKED))
        return {queue: round(count * whole / seen) for queue, count in counts.items()}

    def unacked_hints(self) -> Iterator[Hint]:
        """The hints that workers have and have not acknowledged, in no order."""
        return (hint for raw in self._unacked() if (hint := decode_unacked(raw)))

    def hints(self, queue: QueueName) -> Iterator[Hint]:
        """The hints that wait in a queue, the newest first.

        A hint that lies there all the while is met at least once: what is pushed meanwhile moves
        the others away from the end that reading begins at, so none is passed over.
        """
        start = 0
        while messages := self._messages(queue, start, start + CHUNK - 1):
            start += len(messages)
            yield from (hint for raw in messages if (hint := decode(raw)))

    def held(self) -> set[tuple[RunId, int]]:
        """Each run and send number that some hint names, in a tier's queue or unacknowledged.

        A hint moves from its queue to the unacknowledged only, and those are read last.
        """
        waiting = {(hint.run, hint.send_n) for tier in TIERS for hint in self.hints(tier)}
        return waiting | {(hint.run, hint.send_n) for hint in self.unacked_hints()}

    def tail(self, queue: QueueName) -> Hint | None:
        """The hint that is consumed next; None where none is, or a message of another kind."""
        last = self._messages(queue, -1, -1)
        return decode(last[0]) if last else None

    def replace_queue(self, queue: QueueName, hints: Iterable[Hint]) -> None:
        """Puts these hints in place of all that waits in the queue; others see the old or the new.

        For one caller at a time.
        """
        draft = f"triage:draft:{queue}"
        with self._spoken():
            self._redis.delete(draft)
        filled = False
        for some in _chunks(hints):
            filled = True
            with self._spoken(), self._redis.pipeline(transaction=False) as pipe:
                pipe.lpush(draft, *map(encode, some))
                pipe.expire(draft, DRAFT_SECONDS)
                pipe.execute()
        with self._spoken(), self._redis.pipeline() as pipe:
            if filled:
                pipe.rename(draft, queue)
                pipe.persist(queue)
            else:
                pipe.delete(queue)
            pipe.execute()

    def epoch(self) -> str | None:
        """The mark that was set here; None says that the broker is new or has lost everything."""
        with self._spoken():
            mark = cast("bytes | None", self._redis.get(EPOCH))
        return None if mark is None else mark.decode()

    def set_epoch(self, mark: str) -> bool:
        """Sets the mark where there is none; whether it was this call that did."""
        with self._spoken():
            return bool(self._redis.set(EPOCH, mark, nx=True))

    def _messages(self, queue: QueueName, first: int, last: int) -> list[bytes]:
        with self._spoken():
            return cast("list[bytes]", self._redis.lrange(queue, first, last))

    def _unacked(self) -> Iterator[bytes]:
        cursor = 0
        while True:
            with self._spoken():
                cursor, some = cast(
                    "tuple[int, dict[bytes, bytes]]",
                    self._redis.hscan(UNACKED, cursor, count=CHUNK),
                )
            yield from some.values()
            if cursor == 0:
                return

    def _snapshots(self) -> bool | None:
        try:
            return bool(self._redis.config_get("save").get("save"))
        except ResponseError:  # a Redis run by others seldom shows its configuration
            return None

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except RedisError as error:
            message = f"{self._name}: {error}"
            raise BrokerDown(message) from error


def _chunks(hints: Iterable[Hint]) -> Iterator[list[Hint]]:
    waiting = iter(hints)
    while some := list(islice(waiting, CHUNK)):
        yield some
