"""A live line for people, nothing for scripts: tickets by place, queue depths, cost so far."""

import shutil
import sys
from types import TracebackType
from typing import Self

from sqlalchemy import func, select

from config.serving import LOCAL
from tasks.ports.ledger import Books
from tasks.run import State
from worker.broker.errors import BrokerDown
from worker.broker.names import CONSUMED
from worker.cli.output import dollars, tickets_wait
from worker.compose import Shop
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.operating.standing import waiting_for

QUIET_SECONDS = 5.0
WIDTH = 30


class Progress:
    """Redraws three lines on a terminal; elsewhere a line every few seconds."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._broker = shop.broker()
        self._begun = shop.clock.monotonic()
        self._drawn = 0
        self._told_at = self._begun
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._broker.close()

    def show(self, books: Books) -> None:
        """Draws where the tickets are now."""
        now = self._shop.clock.monotonic()
        if not self._live and now - self._told_at < QUIET_SECONDS:
            return
        self._told_at = now
        width = shutil.get_terminal_size().columns - 1  # a wrapped line would not be redrawn
        lines = [line[:width] for line in self._lines(books, now - self._begun)]
        lines += [""] * (self._drawn - len(lines))
        if self._live:
            up = f"\x1b[{self._drawn}A" if self._drawn else ""
            sys.stderr.write(up + "".join(f"\x1b[2K{line}\n" for line in lines))
            self._drawn = len(lines)
        else:
            sys.stderr.write(" | ".join(lines) + "\n")
        sys.stderr.flush()

    def _lines(self, books: Books, seconds: float) -> list[str]:
        states = books.states
        unsettled = sum(states[s] for s in (State.QUEUED, State.RUNNING, State.WAITING))
        share = 1 - unsettled / books.ingested if books.ingested else 0.0
        bar = "█" * round(share * WIDTH)
        if unsettled and not self._shop.ledger.workers():
            trains = "(its first start here trains the local model, which takes some ten seconds)"
            is_local = LOCAL in self._shop.config.tiers.served
            return [f"{tickets_wait(unsettled)}: a worker is starting", *[trains] * is_local]
        stages, spent = self._under_way()
        waits = _pairs(waiting_for(self._shop.ledger)) if states[State.WAITING] else ""
        queues = _pairs(self._depths()) or "empty"
        return [
            f"{bar:·<{WIDTH}} {books.ingested - unsettled}/{books.ingested} in {seconds:.0f} s",
            "  ".join(f"{state} {count}" for state, count in states.items() if count)
            + (f" ({waits})" if waits else ""),
            f"stages: {_pairs(stages) or '-'} | queues: {queues} | cost {dollars(spent)}",
        ]

    def _under_way(self) -> tuple[dict[str, int], int]:
        runs = schema.runs
        working = select(runs.c.stage, func.count()).where(
            runs.c.state.in_([str(State.QUEUED), str(State.RUNNING)])
        )
        with reading(self._shop.ledger.engine) as connection:
            grouped = connection.execute(working.group_by(runs.c.stage))
            stages = {str(stage): int(count) for stage, count in grouped}
            spent = connection.execute(select(func.sum(runs.c.micro_usd))).scalar_one()
        return stages, int(spent or 0)

    def _depths(self) -> dict[str, int]:
        try:
            depths = self._broker.depths()
        except BrokerDown:
            return {}
        return {name: depths[name] for name in CONSUMED if depths[name]}


def _pairs(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
