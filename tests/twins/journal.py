"""A journal in memory, and the trail on which it and others leave what they did, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.desk import Past
from tasks.events import Body, Kind
from tasks.ports.ledger import Intent


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One thing that was written down."""

    kind: Kind
    body: Body
    texts: Mapping[str, str]
    writes: tuple[Intent, ...]


@dataclass(kw_only=True, slots=True)
class RecordingJournal:
    """Keeps what it is given, and says so on the trail."""

    trail: list[str] = field(default_factory=list)
    entries: list[Recorded] = field(default_factory=list)
    has_money: bool = True  # False: nothing fits under any cap
    before: Past = field(default_factory=lambda: Past(key="tf-1"))

    async def record(
        self,
        kind: Kind,
        body: Body,
        *,
        texts: Mapping[str, str] | None = None,
        writes: tuple[Intent, ...] = (),
    ) -> None:
        """Written down when it returns."""
        self.trail.append(f"recorded {kind}")
        self.entries.append(Recorded(kind=kind, body=body, texts=dict(texts or {}), writes=writes))

    async def reserve(
        self, kind: Kind, body: Body, *, texts: Mapping[str, str] | None = None
    ) -> bool:
        """Written down where it returns True."""
        if self.has_money:
            await self.record(kind, body, texts=texts)
        return self.has_money

    async def past(self) -> Past:
        """What it was made with."""
        return self.before
