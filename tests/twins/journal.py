"""A journal in memory, and the trail on which it and others leave what they did, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.context import Closed
from tasks.desk import Past, Used
from tasks.events import Body, Kind
from tasks.ports.ledger import Intent
from tasks.run import RunId


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """One thing that was written down."""

    kind: Kind
    body: Body
    texts: Mapping[str, str]
    writes: tuple[Intent, ...]


SOMEBODY = RunId("R-1")


@dataclass(kw_only=True, slots=True)
class RecordingJournal:
    """Keeps what it is given, and says so on the trail."""

    trail: list[str] = field(default_factory=list)
    entries: list[Recorded] = field(default_factory=list)
    room: int = 10**9  # millionths of a dollar that the day has left
    reserved: list[Body] = field(default_factory=list)
    run: Used = field(default_factory=lambda: Used(id=SOMEBODY))
    tickets: Sequence[Closed] = ()
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
        self,
        kind: Kind,  # noqa: ARG002 - there is but one that reserves
        body: Body,
        *,
        texts: Mapping[str, str] | None = None,  # noqa: ARG002 - it has none
    ) -> bool:
        """Whether `room` has so much left; it is not taken from there."""
        most = body["reserved"]
        assert isinstance(most, int)
        if most > self.room:
            return False
        self.trail.append("reserved")
        self.reserved.append(body)
        return True

    async def earlier(self, most: int) -> Sequence[Closed]:
        """What it was made with."""
        return self.tickets[:most]

    async def past(self) -> Past:
        """What it was made with."""
        return self.before
