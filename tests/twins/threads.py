"""One thread's summary in memory."""

from dataclasses import dataclass

from tasks.summary import Summary


@dataclass(slots=True)
class MemoryThreads:
    """Keeps it for as long as a test lasts."""

    kept: Summary | None = None

    async def recall(self) -> Summary | None:
        """As it was kept."""
        return self.kept

    async def keep(self, summary: Summary) -> None:
        """Unless what is there covers more."""
        if self.kept is None or len(summary.covers) >= len(self.kept.covers):
            self.kept = summary
