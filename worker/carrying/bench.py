"""What a worker process carries tickets with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.load import Config
from tasks.desk import Desk, Journal
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import Helpdesk
from tasks.run import Incarnation, Run
from worker.carrying.gate import Gate
from worker.carrying.group_writer import GroupWriter
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.telemetry.log import Log


class Hints(Protocol):
    """Tells the broker that work is due. Losing one costs time, never a ticket."""

    async def send(self, runs: Sequence[Run], *, ahead: bool = False) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What a worker process carries tickets with."""

    config: Config
    clock: Clock
    desk: Callable[[Journal], Desk]  # a desk for the run of that journal
    helpdesk: Helpdesk  # behind the fence, as the desk's
    ledger: SqlLedger
    writer: GroupWriter
    vault: Vault
    hints: Hints
    incarnation: Callable[[], Incarnation]  # this life's name, which may change
    gate: Gate
    residence: Residence = ANYWHERE  # whose tickets live in the helpdesk
    restored: bool = False  # from a backup: the helpdesk may know more than the ledger
    serves: frozenset[str]  # tiers whose queues this worker consumes
    chance: Callable[[], float]
    report: Callable[[Exception, Run], str | None]  # to the error tracker; its id for the event
    log: Log
