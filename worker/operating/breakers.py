"""Breakers as an operator sees and works them, whether a worker runs or not."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tasks.errors import OperatorError
from worker.chance import token
from worker.compose import Shop
from worker.guards.overview import overview, tripped_alone
from worker.guards.redis_shared import RedisShared, connect
from worker.guards.rule import KEYS, rule_of
from worker.guards.shared import SharedAway
from worker.guards.standing import Standing, standing_of
from worker.ledgers.noticing import Notice
from worker.ledgers.tripping import Trip
from worker.operating.manning import is_manned
from worker.operating.moments import iso
from worker.upstreams import guards_asked


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Every breaker that is configured or was heard of. `away`: the broker does not answer."""

    breakers: tuple[Standing, ...]
    away: bool

    def named(self, name: str) -> Standing:
        """The one of that name. Raises OperatorError with those that there are."""
        found = {one.name: one for one in self.breakers}
        if name in found:
            return found[name]
        shown = ", ".join(name for name in found if not name.startswith(KEYS))
        raise OperatorError(f"no breaker is called {name!r}: {shown}; or credential:VARIABLE")


def panel(shop: Shop) -> Panel:
    """How each stands, by the broker and the ledger. Raises LedgerDown."""
    trips, config, away = shop.ledger.trips(), shop.config.guards.breaker, False
    with _shared(shop) as shared:
        try:
            seen = overview(shared, trips, config)
        except SharedAway:
            seen, away = tripped_alone(trips, config), True
    known = {one.name: one for one in seen}
    names = dict.fromkeys([*guards_asked(shop.config), *known])
    found = tuple(
        known.get(name) or standing_of(name, rule_of(name, config), None, None) for name in names
    )
    if not (away and is_expected(shop)):
        return Panel(breakers=found, away=False)
    unknown = (one if one.holds else replace(one, state="unknown") for one in found)
    return Panel(breakers=tuple(unknown), away=True)


def standing_json(one: Standing) -> dict[str, object]:
    """As docs/interface.md promises it to scripts."""
    return {
        "breaker": one.name,
        "state": one.state,
        "since": iso(one.since),
        "failing": None if one.failing is None else round(one.failing, 4),
        "calls": one.calls,
        "probe_in": None if one.probe_in is None else round(one.probe_in, 3),
        "by": one.by,
        "why": one.why,
    }


def is_expected(shop: Shop) -> bool:
    """Whether there should be a broker: the embedded one is there only while a fleet runs."""
    return bool(shop.config.environment.broker_url) or is_manned(shop)


def trip(shop: Shop, name: str, *, by: str, why: str) -> bool:
    """Holds it open until it is reset; every worker hears within two seconds. Whether it was not.

    Raises LedgerDown.
    """
    now = shop.clock.now()
    tripped = Trip(name=name, since=now, by=by, why=why)
    return shop.ledger.trip(tripped, _notice("breaker.tripped", name, now, by=by, why=why))


def reset(shop: Shop, name: str, *, by: str, why: str) -> bool:
    """Lifts its trip and closes it, with a ramp. False: the broker was not told.

    Raises LedgerDown.
    """
    now = shop.clock.now()
    shop.ledger.untrip(name, _notice("breaker.reset", name, now, by=by, why=why))
    with _shared(shop) as shared:
        try:
            shared.reset(name)
        except SharedAway:
            return not is_expected(shop)
    return True


def _notice(kind: str, name: str, at: float, *, by: str, why: str) -> Notice:
    body = json.dumps({"by": by, "why": why})
    return Notice(id=f"{kind}:{token()}", at=at, kind=kind, subject=name, body=body)


@contextmanager
def _shared(shop: Shop) -> Iterator[RedisShared]:
    shared = RedisShared(connect(shop.broker_url), shop.clock)
    try:
        yield shared
    finally:
        shared.close()
