"""How far each source is trusted, with what waits for its hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from config.load import Config
from config.mode import Mode
from config.serving import LOCAL
from tasks.causes import WaitReason
from tasks.confidence import fewest
from tasks.ports.ledger import Source
from tasks.run import State
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger


@dataclass(frozen=True, kw_only=True)
class Trusted:
    """A source as it stands; `waiting` tickets have come and may not begin yet."""

    source: Source
    waiting: int
    polled_at: float | None


def trusted(ledger: SqlLedger) -> Sequence[Trusted]:
    """Every source that was ever read, or that somebody has said something about, by name."""
    runs, cursors = schema.runs, schema.cursors
    waits = (runs.c.state == State.WAITING) & (runs.c.reason == WaitReason.CAPPED)
    counts = select(runs.c.source, func.count()).where(waits).group_by(runs.c.source)
    with reading(ledger.engine) as connection:
        waiting = {str(source): int(count) for source, count in connection.execute(counts)}
        polled = {
            str(source): float(at)
            for source, at in connection.execute(select(cursors.c.source, cursors.c.polled_at))
        }
    said = {source.name: source for source in ledger.sources()}
    return [
        Trusted(
            source=said.get(name, _free(name)),
            waiting=waiting.get(name, 0),
            polled_at=polled.get(name),
        )
        for name in sorted({*said, *polled})
    ]


def _free(name: str) -> Source:
    """One that nobody has said anything about."""
    return Source(name=name, mode=Mode.AUTO, per_hour=None, since=0.0, by="", why="")


def only_suggested(config: Config, now: float) -> str | None:
    """What an operator has to know of models that nobody has measured; None: nothing."""
    kind, rules = config.helpdesk.kind, config.policy.autonomy
    hosted = [name for name in config.tiers.served if name != LOCAL]
    if not hosted or rules.accepted(kind, datetime.fromtimestamp(now, UTC).date()):
        return None
    return (
        f"values of hosted models are only suggested in {kind} until people have checked "
        f"{fewest(rules.tolerated)} of a model's answers; policy.toml, autonomy.unmeasured, "
        "accepts them before that, by name and until a day"
    )
