"""What the models have cost today, by tier."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import BigInteger, Connection, case, cast, func, select

from tasks.events import Kind
from worker.ledgers import schema
from worker.ledgers.told import told

DAY = 86_400.0
SLOT = 300.0
GRACE = 300.0
"""A slot that ended so long ago is closed: an event is committed moments after it is written."""


class Spending:
    """Adds up today's answers. Closed slots are read once, for events never change.

    So a day of a million answers costs each snapshot but the last ten minutes of it.
    """

    def __init__(self) -> None:
        self._closed: Counter[str] = Counter()
        self._until = 0.0  # the end of the last closed slot

    def today(self, connection: Connection, now: float) -> Mapping[str, int]:
        """Millionths of a US dollar by tier, since midnight UTC before `now` (epoch seconds)."""
        midnight = now // DAY * DAY
        closing = max(midnight, (now - GRACE) // SLOT * SLOT)
        if self._until < midnight or closing < self._until:
            self._closed, self._until = Counter(), midnight
        closed, still_open = _spent(connection, since=self._until, split=closing)
        self._closed = self._closed + closed
        self._until = closing
        return dict(self._closed + still_open)


PAID = (str(Kind.ANSWERED), str(Kind.UNANSWERED))
"""What says what a request to a model has cost."""


def _spent(
    connection: Connection, *, since: float, split: float
) -> tuple[Counter[str], Counter[str]]:
    """What was spent from `since` until `split`, and from then on."""
    events = schema.events
    tier = told(connection, "tier")
    cost = func.sum(cast(told(connection, "micro_usd"), BigInteger))
    is_open = case((events.c.at >= split, 1), else_=0)
    query = (
        select(is_open, tier, cost)
        .where(events.c.kind.in_(PAID), events.c.at >= since)
        .group_by(is_open, tier)
    )
    spent: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for place, name, micro_usd in connection.execute(query):
        spent[place][str(name)] += int(micro_usd or 0)
    return spent
