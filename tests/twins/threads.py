"""One thread's summary in memory."""

from dataclasses import dataclass, field

from tasks.run import TicketId
from tasks.summary import Summary


@dataclass(slots=True)
class MemoryThreads:
    """Keeps it for as long as a test lasts."""

    kept: Summary | None = None
    others: "dict[TicketId, MemoryThreads]" = field(default_factory=dict)
    is_over: bool = False

    async def recall(self) -> Summary | None:
        """As it was kept."""
        return self.kept

    async def keep(self, summary: Summary) -> None:
        """Unless what is there covers more."""
        known = self.kept
        if self.is_over or known is None or len(summary.covers) >= len(known.covers):
            self.kept = summary

    def closed(self, ticket: TicketId) -> "MemoryThreads":
        """That of another ticket."""
        return self.others.setdefault(ticket, MemoryThreads(is_over=True))
