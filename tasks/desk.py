"""The desk: everything that a stage may use, handed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from config.policy import Policy
from config.prompts import Prompt
from config.taxonomy import Taxonomy
from config.tiers import Tiers
from tasks.events import Body, Kind
from tasks.ports.clock import Clock
from tasks.ports.facts import CustomerFacts
from tasks.ports.helpdesk import Helpdesk
from tasks.ports.ledger import Written
from tasks.ports.model import Models


class Journal(Protocol):
    """Writes down, for one run, what must not be lost before the next step.

    Promise: what `record` was given is durable when it returns. Texts are encrypted and never
    part of the event; each is kept as `NAME.SEQ`. Raises RunLost when the run is not ours any more.
    `earlier_writes` are those of older revisions of the ticket, oldest first. Raises LedgerDown.
    """

    async def record(
        self,
        kind: Kind,
        body: Body,
        *,
        texts: Mapping[str, str] | None = None,
        writes: tuple[Written, ...] = (),
    ) -> None: ...

    async def earlier_writes(self) -> Sequence[Written]: ...


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
