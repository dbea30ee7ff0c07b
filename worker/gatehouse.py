"""Opens the guards of one process, over the Redis that it shares with the fleet."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from tasks.accounts import day_of
from worker.broker.client import client
from worker.carrying.loop import EventLoop
from worker.chance import token, uniform
from worker.compose import Shop
from worker.guards.breakers import Breakers
from worker.guards.doors import Doors
from worker.guards.limits import Limits
from worker.guards.polls import PollPace
from worker.guards.post import ANSWER_SECONDS, CONNECT_SECONDS, ROUND_SECONDS, Post
from worker.guards.redis_shared import RedisShared, connect
from worker.guards.retry_budget import RetryBudget
from worker.guards.rule import KEYS
from worker.guards.scribe import Scribe
from worker.guards.standing import Standing
from worker.guards.visits import Visits
from worker.helpdesks.asked import before_each_request
from worker.ledgers.accounting import WAITS
from worker.telemetry.log import Log
from worker.upkeep.releasing import Way
from worker.upstreams import guards_asked


@contextmanager
def within_limits(shop: Shop) -> Iterator[None]:
    """What is asked of the helpdesk within, from the shell, keeps to the fleet's limit, too."""
    log, me = Log("guards"), token()
    post, limits = _limits(shop, log, me)
    loop = EventLoop()
    post.start()
    loop.start()
    upstream = shop.config.helpdesk.dependency
    pace = PollPace(upstream, limits, me=me, clock=shop.clock, on_loop=loop.run, log=log)
    try:
        with before_each_request(pace):
            yield
    finally:
        loop.stop()
        post.stop()


def _limits(shop: Shop, log: Log, me: str) -> tuple[Post, Visits]:
    redis = client(shop.broker_url, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS, text=True)
    post = Post(redis, clock=shop.clock, log=log, every=ROUND_SECONDS)
    limits = Limits(shop.config.guards.limits, post, me=me, clock=shop.clock)
    return post, Visits(limits, clock=shop.clock)


class Gatehouse:
    """The guards, and the threads that they share what they know by."""

    def __init__(self, shop: Shop, *, off: Callable[[], Collection[str]] = tuple) -> None:
        """`off`: the guards that an operator does without for a while."""
        rules, log = shop.config.guards, Log("guards")
        me = token()
        self._post, limits = _limits(shop, log, me)
        self._breakers = Breakers(
            rules.breaker,
            RedisShared(connect(shop.broker_url), shop.clock),
            clock=shop.clock,
            chance=uniform,
            token=token,
            scribe=Scribe(shop.ledger, log),
            log=log,
        )
        self.doors = Doors(
            self._breakers,
            budget=RetryBudget(rules.retries, self._post, me=me),
            limits=limits,
            off=off,
        )
        self._shop = shop
        self._off = off

    def start(self) -> None:
        """Begins to share. A second at most."""
        self._breakers.start(guards_asked(self._shop.config))
        self._post.start()

    def stop(self) -> None:
        """Tells what there is to tell, and ends."""
        self._breakers.stop()
        self._post.stop()

    def ways(self, names: Collection[str]) -> Mapping[str, Way]:
        """How each of these guards stands. Raises LedgerDown where one of them is money."""
        asked = [name for name in names if name.startswith(WAITS)]
        money = self._money(asked) if asked else {}
        others = {name: self._breakers.watched(name) for name in names if name not in money}
        off = self._off()
        return money | {name: way_of(name, one, off) for name, one in others.items()}

    def _money(self, names: Collection[str]) -> dict[str, Way]:
        """Open where a call fits that costs as much as any did lately; less lets one try."""
        if "money" in self._off():
            return dict.fromkeys(names, Way.OPEN)
        ledger = self._shop.ledger
        room, needs = ledger.affordable(day_of(self._shop.clock.now())), ledger.dearest()
        return {name: way_of_money(room.get(name, 0), needs.get(name)) for name in names}


def way_of_money(left: int, needed: int | None) -> Way:
    """`left` under the caps, `needed` for a call as far as anybody knows; millionths of a dollar.

    The end of a day's money is nearly always more than nothing and less than a call.
    """
    if left <= 0:
        return Way.SHUT
    return Way.OPEN if needed is not None and left >= needed else Way.PROBE


def way_of(name: str, standing: Standing | None, off: Collection[str]) -> Way:
    """`standing`: None while this process has not heard of it; `off`: guards that are done without.

    A key that is known to be wrong stays so, whatever is off.
    """
    if "breaker" in off and not name.startswith(KEYS):
        return Way.OPEN
    match standing.state if standing else None:
        case "closed":
            return Way.OPEN
        case "ramp":
            return Way.RAMP
        case "open" if standing and standing.probe_in is not None and standing.probe_in <= 0:
            return Way.PROBE
        case _:
            return Way.SHUT
