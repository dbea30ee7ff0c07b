"""How the breakers of a fleet stand, for whoever has none of its own: the shell, pages, alerts."""

from collections.abc import Sequence

from config.guards import Breaker
from worker.guards.redis_shared import RedisShared
from worker.guards.rule import rule_of
from worker.guards.standing import Standing, standing_of
from worker.ledgers.tripping import Trip


def overview(shared: RedisShared, trips: Sequence[Trip], config: Breaker) -> tuple[Standing, ...]:
    """All that anybody has told of within a day, and all that are tripped, by name.

    Changes nothing. Two round trips; raises SharedAway.
    """
    seen = {one.name: one.heard for one in shared.look(shared.names(), config.window_seconds)}
    tripped = {trip.name: trip for trip in trips}
    return tuple(
        standing_of(name, rule_of(name, config), seen.get(name), tripped.get(name))
        for name in sorted(seen.keys() | tripped.keys())
    )


def tripped_alone(trips: Sequence[Trip], config: Breaker) -> tuple[Standing, ...]:
    """Those that are tripped, by name: what the ledger knows where the broker is away."""
    return tuple(
        standing_of(trip.name, rule_of(trip.name, config), None, trip)
        for trip in sorted(trips, key=lambda trip: trip.name)
    )
