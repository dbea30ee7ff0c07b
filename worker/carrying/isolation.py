"""Has suspects carried where they can do no harm, and writes down what came of it."""

import asyncio
from typing import Protocol

from tasks.chronicle import Entry, after_company, after_death, sent_again
from tasks.events import Kind
from tasks.run import Run, State
from worker.carrying.bench import Bench
from worker.carrying.notebook import change_of


class Ward(Protocol):
    """Carries suspects in processes of their own; whether the process has died meanwhile."""

    async def together(self, run: Run, /) -> bool: ...

    async def alone(self, run: Run, /) -> bool: ...


class Isolation:
    """A run goes on with others, and alone once such a company has died; the ledger knows which.

    For whoever carries it next, wherever, must not try the company of others again.
    """

    def __init__(self, bench: Bench, ward: Ward) -> None:
        self._bench = bench
        self._ward = ward

    async def carry(self, run: Run) -> None:
        """Carries a run that is ours. Cancelled, it has been put back."""
        died = False
        try:
            if not run.alone and await self._ward.together(run):
                suspected = await self._suspected(run)
                if suspected is None:
                    return
                run = suspected
            if run.alone:
                self._bench.log.warning("run.alone", run=run.id, deaths=run.deaths)
                died = await self._ward.alone(run)
        except asyncio.CancelledError:
            await asyncio.shield(self._put_back(run, died=False))
            raise
        await self._put_back(run, died=died)

    async def _suspected(self, run: Run) -> Run | None:
        """The run after the death of its company; None where it is nothing of ours any more."""
        bench = self._bench
        left = await self._left(run)
        if left is None:
            return None
        change = change_of(left, (after_company(),), None, vault=bench.vault, clock=bench.clock)
        return change.after if await bench.writer.commit(change) else None

    async def _put_back(self, run: Run, *, died: bool) -> None:
        bench = self._bench
        left = await self._left(run)
        if left is None:
            return
        bench.log.warning("run.left", run=run.id, died=died)
        released = Entry(kind=Kind.RELEASED, body={"why": "it was put back"})
        entries = after_death(left) if died else (released, sent_again(left))
        change = change_of(left, entries, None, vault=bench.vault, clock=bench.clock)
        if await bench.writer.commit(change) and change.after.state is State.QUEUED:
            await bench.hints.send([change.after], ahead=True)

    async def _left(self, run: Run) -> Run | None:
        """What its process has left of it: None where it carried the run to its end."""
        left = await asyncio.to_thread(self._bench.ledger.run, run.id)
        if left is None or (left.state, left.fence) != (State.RUNNING, run.fence):
            return None
        return left
