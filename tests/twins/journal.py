"""A journal in memory, and the trail on which it and others leave what they did, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.events import Body, Kind
from tasks.ports.ledger import Written


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One thing that was written down."""

    kind: Kind
    body: Body
    texts: Mapping[str, str]
    writes: tuple[Written, ...]


@dataclass(kw_only=True, slots=True)
class RecordingJournal:
    """Keeps what it is given, and says so on the trail."""

    trail: list[str] = field(default_factory=list)
    entries: list[Recorded] = field(default_factory=list)
    earlier: tuple[Written, ...] = ()

    async def record(
        self,
        kind: Kind,
        body: Body,
        *,
        texts: Mapping[str, str] | None = None,
        writes: tuple[Written, ...] = (),
    ) -> None:
        """Written down when it returns."""
        self.trail.append(f"recorded {kind}")
        self.entries.append(Recorded(kind=kind, body=body, texts=dict(texts or {}), writes=writes))

    async def earlier_writes(self) -> Sequence[Written]:
        """What it was made with."""
        return self.earlier
