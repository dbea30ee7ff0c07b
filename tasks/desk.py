"""The desk: everything that a stage may use, handed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from config.guards import Guards as Limits
from config.mode import Mode
from config.policy import Policy
from config.prompts import Prompt
from config.taxonomy import Taxonomy
from config.tiers import Tiers
from tasks.context import Closed
from tasks.events import Body, Kind
from tasks.patience import UNHURRIED, Patience
from tasks.ports.clock import Clock
from tasks.ports.facts import CustomerFacts
from tasks.ports.guards import Guards
from tasks.ports.helpdesk import Helpdesk
from tasks.ports.ledger import Intent
from tasks.ports.measures import Measures, NothingMeasured
from tasks.ports.model import Models
from tasks.ports.threads import NOWHERE, Threads
from tasks.run import RunId


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """What this run and older revisions of its ticket meant to write, each oldest first."""

    key: str
    """What each write for this revision is known by in the helpdesk.

    It depends on nothing but the ticket and what its customer said: whoever comes to write the same
    again, even from a ledger that was restored from an old backup, finds what is there.
    """
    earlier: Sequence[Intent] = ()
    own: Sequence[Intent] = ()
    handed: Sequence[Intent] = ()
    """What this run wrote when it was handed over to people: no person's choice either."""
    sent_until: float | None = None
    """Epoch seconds until which something of this run's may have been sent; None: nothing was."""
    has_settled: bool = False
    """Somebody has waited since then for it to take effect."""


class SoFar(Protocol):
    """What a run has used up; its status row says so."""

    @property
    def id(self) -> RunId: ...

    @property
    def attempts(self) -> int: ...

    @property
    def calls(self) -> int: ...

    @property
    def tokens(self) -> int: ...

    @property
    def micro_usd(self) -> int: ...

    @property
    def reserved(self) -> int: ...

    @property
    def requeues(self) -> int: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Used:
    """Implements SoFar for a run that no ledger has: nothing, unless it is said."""

    id: RunId
    attempts: int = 0
    calls: int = 0
    tokens: int = 0
    micro_usd: int = 0
    reserved: int = 0
    requeues: int = 0


class Journal(Protocol):
    """Writes down, for one run, what must not be lost before the next step.

    Promise: what `record` was given is durable when it returns. Texts are encrypted and never
    part of the event; each is kept as `NAME.SEQ`. Raises RunLost when the run is not ours any more.
    `reserve` is as `record`, for what reserves money: False, and nothing is written down, where
    that does not fit under the day's caps.
    `past` is what was meant to be written to the ticket before. Raises LedgerDown.
    `earlier` are the newest `most` of the requester's other tickets that the fleet has routed,
    newest first, with their text where it can be read. Raises LedgerDown.
    `run` is its status as it stands.
    """

    async def record(
        self,
        kind: Kind,
        body: Body,
        *,
        texts: Mapping[str, str] | None = None,
        writes: tuple[Intent, ...] = (),
    ) -> None: ...

    async def reserve(
        self, kind: Kind, body: Body, *, texts: Mapping[str, str] | None = None
    ) -> bool: ...

    async def past(self) -> Past: ...

    async def earlier(self, most: int) -> Sequence[Closed]: ...

    @property
    def run(self) -> SoFar: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What a stage works with; `journal` belongs to the run at hand."""

    taxonomy: Taxonomy
    tiers: Tiers
    policy: Policy
    prompt: Prompt
    clock: Clock
    facts: CustomerFacts
    models: Models
    helpdesk: Helpdesk
    journal: Journal
    guards: Guards
    limits: Limits
    mode: Mode = Mode.AUTO  # what may be done in the helpdesk
    judge: Prompt | None = None  # None: there is no judge
    measures: Measures = field(default_factory=NothingMeasured)
    place: str = "embedded"  # the kind of helpdesk that it is
    summarise: Prompt | None = None  # None: nobody is asked to sum up
    compress: Prompt | None = None  # likewise, for threads that are over
    threads: Threads = NOWHERE  # of this run's thread alone
    patience: Patience = UNHURRIED  # this stage's, with models
