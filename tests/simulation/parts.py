"""What a simulated worker has in place of a network, a thread and a process."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Event, Thread

from tasks.errors import ProviderDown
from tasks.ports.helpdesk import Helpdesk
from tasks.ports.ledger import Change, Claim, Claimed, Reserved, WorkerRow
from tasks.ports.model import Question, Reply, nobody_minds
from tasks.run import Incarnation
from tasks.ticket import ExternalId, Ticket
from tasks.waypoints import Waypoint, passing
from tests.twins.clock import StillClock
from tests.twins.desk import shipped
from tests.twins.models import SURE, a_reply, an_escalation
from tests.twins.ticket import a_ticket
from worker.carrying.carrier import Carrier
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.upkeep.entrusting import Entrusting
from worker.upkeep.incarnation import Heart
from worker.upkeep.reaper import Duties, Reaper
from worker.upkeep.releasing import Releasing, Way
from worker.upkeep.role import Role
from worker.upkeep.sweeper import ROLE, Sweeper

STOLEN = "My card was stolen last night, in the city."
VERDICT = an_escalation(
    "theft",
    "My card was stolen last night",
    issue_type="security",
    priority=1,
    draft="Thank you for writing.",
)
"""What the provider says: it leads to four fields and two notes."""

STRANGE = replace(SURE, abstains="out of scope: familiarity 0.60 is below 0.65")


class Crashed(BaseException):
    """The process is no more; nothing of it runs on."""


def duties(ledger: SqlLedger, vault: Vault, clock: StillClock) -> Duties:
    """What a reaper looks after here; guards hold nobody back."""
    return Duties(
        entrusting=Entrusting(ledger, vault, clock, shipped().policy),
        releasing=Releasing(ledger, clock, lambda names: dict.fromkeys(names, Way.OPEN)),
    )


def a_row(number: int, now: float) -> WorkerRow:
    """A worker that begins to live now."""
    return WorkerRow(
        incarnation=Incarnation(f"w-{number}"),
        host="here",
        pid=0,
        version="1",
        tiers=("economy", "standard", "premium"),
        beat=0,
        started_at=now,
        beat_at=now,
    )


def a_sweeper(heart: Heart, helpdesk: Helpdesk, vault: Vault) -> Sweeper:
    """That of one worker; the role is one worker's."""
    role = Role(ROLE, heart)
    return Sweeper(heart.ledger, helpdesk, vault, heart.clock, is_ours=role.is_held)


@dataclass(slots=True)
class Provider:
    """Answers every question alike; what it was asked, by ticket. Fails as often as it is told.

    Of a ticket that it refuses it says nothing; of one that is `strange` to it, it says so.
    """

    asked: Counter[str] = field(default_factory=Counter)
    fails: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    refuses: set[str] = field(default_factory=set)
    strange: set[str] = field(default_factory=set)

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        """One answer."""
        look()
        about = question.plain.text.partition("This is ")[2].partition(".")[0]
        self.asked[about] += 1
        if self.fails[about]:
            self.fails[about] -= 1
            self.failed += 1
            raise ProviderDown("503")
        refusal = "I would rather not" if about in self.refuses else None
        signals = STRANGE if about in self.strange else None
        reply = a_reply(VERDICT, refusal=refusal, signals=signals)
        return replace(reply, model_asked=question.model)


class InlineWriter:
    """What a carrier asks of the group writer, done at once and in this thread."""

    def __init__(self, ledger: SqlLedger, clock: StillClock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def claim(self, claim: Claim) -> Claimed | None:
        """As the port has it."""
        passing(Waypoint.COMMITTING)
        found = self._ledger.claim([claim], self._clock.now())[0]
        passing(Waypoint.COMMITTED)
        return found

    async def commit(self, change: Change) -> bool:
        """As the port has it."""
        return await self.hand_in(change)

    def reserve(self, change: Change) -> "asyncio.Future[Reserved]":
        """As the port has it."""
        told: asyncio.Future[Reserved] = asyncio.get_running_loop().create_future()
        passing(Waypoint.COMMITTING)
        told.set_result(self._ledger.reserve([change])[0])
        passing(Waypoint.COMMITTED)
        return told

    def hand_in(self, change: Change) -> "asyncio.Future[bool]":
        """As the port has it."""
        told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        passing(Waypoint.COMMITTING)
        told.set_result(self._ledger.commit([change])[0])
        passing(Waypoint.COMMITTED)
        return told


@dataclass(slots=True)
class Doom:
    """Where a worker dies: at this waypoint, when somebody passes it for the n-th time.

    Or where it is frozen instead, to go on later as if nothing had happened.
    """

    waypoint: Waypoint
    times: int = 1
    freezes: bool = False


@dataclass(slots=True)
class Ice:
    """What holds somebody who is frozen."""

    holds: Event = field(default_factory=Event)  # set when somebody is frozen
    melts: Event = field(default_factory=Event)  # set to let it go on


@dataclass(kw_only=True, slots=True)
class Worker:
    """One process, dead or alive."""

    heart: Heart
    carrier: Carrier
    reaper: Reaper
    sweeper: Sweeper
    lives: bool = True
    frozen: tuple[Ice, Thread] | None = None


def a_theft(name: str = "T-1", *more: str) -> Ticket:
    """A ticket that calls a person; `more` is what its customer said later."""
    ticket = a_ticket(" ".join((STOLEN, f"This is {name}.", *more)))
    return ticket.model_copy(update={"id": ExternalId(name)})
