"""A process that asks for money as a worker does, and may die with it in its hands."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import monotonic
from typing import TYPE_CHECKING

from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation, Run
from tests.moneyed import answered, asking
from tests.twins.clock import NOON, StillClock
from worker.carrying.group_writer import GroupWriter
from worker.carrying.notebook import Notebook
from worker.ledgers.engine import connect
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True, kw_only=True, slots=True)
class Errand:
    """Ask once for each run, all at that moment of the machine's clock; pay what got through."""

    runs: Sequence[Run]
    account: str
    bound: int
    cost: int
    begins: float
    dies: bool  # as by kill -9, when the first is reserved


class Spender:
    """One such process, and the life that it has in the ledger."""

    def __init__(self, url: str, ledger: SqlLedger, name: str) -> None:
        self.incarnation = Incarnation(name)
        ledger.born(
            WorkerRow(
                incarnation=self.incarnation,
                host="here",
                pid=0,
                version="1",
                tiers=(),
                beat=0,
                started_at=NOON,
                beat_at=NOON,
            )
        )
        self.pipe, theirs = FORKS.Pipe()
        self.process: ForkServerProcess = FORKS.Process(target=_live, args=(url, theirs))
        self.process.start()
        theirs.close()

    def came(self) -> list[bool] | None:
        """Which of its runs got money; None where it died of it."""
        try:
            got: list[bool] = self.pipe.recv()
        except (EOFError, OSError):  # perhaps in the middle of its answer
            self.process.join(30)
            assert self.process.exitcode == -signal.SIGKILL
            return None
        return got

    def end(self) -> None:
        """Lets it go."""
        self.pipe.close()
        self.process.join(30)


def _live(url: str, pipe: Connection) -> None:
    ledger = SqlLedger(connect(url))
    clock = StillClock()
    writer = GroupWriter(ledger, clock, rows=64, seconds=0.001)
    writer.start()
    vault = Vault(b"the fleet's secret key, 32 bytes", keep_days=90)

    async def ask(run: Run, errand: Errand) -> bool:
        book = Notebook(run, None, ledger=ledger, writer=writer, vault=vault, clock=clock)
        if not await book.reserve(*asking(errand.bound, errand.account)):
            return False
        if errand.dies:
            os.kill(os.getpid(), signal.SIGKILL)
        await book.record(*answered(errand.cost))
        return True

    async def all_of(errand: Errand) -> list[bool]:
        while monotonic() < errand.begins:
            pass
        return list(await asyncio.gather(*(ask(run, errand) for run in errand.runs)))

    try:
        while True:
            pipe.send(asyncio.run(all_of(pipe.recv())))
    except EOFError:
        writer.stop()
        ledger.close()
