"""What the nemesis does to messages, and to clocks."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from config.tiers import TIERS
from tests.chaos.plan import Kind, Strike
from tests.chaos.strikes_on_processes import Told

if TYPE_CHECKING:
    from tests.chaos.nemesis import Nemesis

AN_HOUR = 3_600.0
SOME = 20


def sent_twice(nemesis: "Nemesis", strike: Strike) -> Told:
    """Some messages once more."""
    return _copied(nemesis, strike, 1)


def sent_five_times(nemesis: "Nemesis", strike: Strike) -> Told:
    """Some messages four times more."""
    return _copied(nemesis, strike, 4)


def _copied(nemesis: "Nemesis", strike: Strike, copies: int) -> Told:
    with suppress(RedisError):
        queue, found = _messages(nemesis, strike)
        found = found or _under_way(nemesis)
        if found:
            nemesis.arena.broker.client.rpush(queue, *(found * copies))
            return {"queue": queue, "messages": len(found)}
    return None


def out_of_order(nemesis: "Nemesis", strike: Strike) -> Told:
    """Some of the last to the front, shuffled."""
    client = nemesis.arena.broker.client
    with suppress(RedisError):
        queue, found = _messages(nemesis, strike)
        moved = [raw for raw in found if client.lrem(queue, 1, cast(str, raw))]
        nemesis.chance.shuffle(moved)
        if moved:
            client.rpush(queue, *moved)
            return {"queue": queue, "messages": len(moved)}
    return None


def message_lost(nemesis: "Nemesis", strike: Strike) -> Told:
    """One, and nobody is told."""
    with suppress(RedisError):
        queue, found = _messages(nemesis, strike)
        if found and nemesis.arena.broker.client.lrem(queue, 1, cast(str, found[0])):
            return {"queue": queue}
    return None


def _messages(nemesis: "Nemesis", strike: Strike) -> tuple[str, list[bytes]]:
    """Some of the newest that wait in one of the queues."""
    for place in range(len(TIERS)):
        queue = TIERS[(strike.victim + place) % len(TIERS)]
        found = nemesis.arena.broker.client.lrange(queue, 0, SOME)
        if found:
            return queue, cast("list[bytes]", found)
    return TIERS[0], []


def _under_way(nemesis: "Nemesis") -> list[bytes]:
    """Some that a worker has, as they lay in their queue."""
    found = nemesis.arena.broker.client.hscan("unacked", count=SOME)[1]
    entries = [json.loads(raw) for raw in list(cast("dict[bytes, bytes]", found).values())[:SOME]]
    return [json.dumps(message).encode() for message, _, queue in entries if queue in TIERS]


def clock_forward(nemesis: "Nemesis", strike: Strike) -> Told:
    """One worker's."""
    return _clock(nemesis, strike, AN_HOUR)


def clock_back(nemesis: "Nemesis", strike: Strike) -> Told:
    """One worker's."""
    return _clock(nemesis, strike, -AN_HOUR)


def _clock(nemesis: "Nemesis", strike: Strike, wrong: float) -> Told:
    posts = nemesis.arena.troop.workers()
    if not posts:
        return None
    post = posts[strike.victim % len(posts)]
    file = nemesis.arena.folder / f"clock-{post.name}"
    if file.exists():
        return None
    file.write_text(str(wrong))
    nemesis.after(strike.down, lambda: file.unlink(missing_ok=True))
    return {"who": post.name}


STRIKES: dict[Kind, Callable[["Nemesis", Strike], Told]] = {
    Kind.SENT_TWICE: sent_twice,
    Kind.SENT_FIVE_TIMES: sent_five_times,
    Kind.OUT_OF_ORDER: out_of_order,
    Kind.MESSAGE_LOST: message_lost,
    Kind.CLOCK_FORWARD: clock_forward,
    Kind.CLOCK_BACK: clock_back,
}
