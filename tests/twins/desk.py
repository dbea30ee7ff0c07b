"""A desk with everything in memory, on the configuration that we ship."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from config.environment import Environment
from config.load import Config, load
from config.policy import Policy
from config.tiers import Tiers
from tasks.desk import Desk
from tasks.ports.guards import Guards
from tasks.ports.helpdesk import Capabilities
from tasks.ports.model import Models
from tasks.ports.threads import Threads
from tasks.ticket import Ticket
from tests.twins.clock import StillClock
from tests.twins.facts import sources
from tests.twins.helpdesk import WatchedHelpdesk
from tests.twins.journal import RecordingJournal
from tests.twins.models import ScriptedModels
from tests.twins.threads import MemoryThreads
from tests.twins.ticket import a_ticket
from worker.facts.memory import MemoryFacts
from worker.guards.open_door import OpenDoor
from worker.helpdesks.embedded import FULL

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY")


@cache
def shipped(keys: tuple[str, ...] = KEYS) -> Config:
    """Our own configuration, as with these keys set."""
    return load(Environment(credentials=dict.fromkeys(keys, "made up")))


def only(model: str) -> Tiers:
    """Every tier served by this one model, as TRIAGE_MODEL would have it."""
    named: Mapping[str, str] = {"TRIAGE_MODEL": model, "TRIAGE_MODEL_PRICE": "1,2"}
    return load(Environment.read(named)).tiers


@dataclass(kw_only=True, slots=True)
class Office:
    """The twins that stand behind a desk; what they did is one trail."""

    ticket: Ticket = field(default_factory=a_ticket)  # known to the helpdesk, as intake read it
    models: Models = field(default_factory=ScriptedModels.saying)
    facts: MemoryFacts = field(default_factory=sources)
    tiers: Tiers = field(default_factory=lambda: shipped().tiers)
    policy: Policy = field(default_factory=lambda: shipped().policy)
    trail: list[str] = field(default_factory=list)
    clock: StillClock = field(default_factory=StillClock)
    capabilities: Capabilities = FULL
    guards: Guards = field(default_factory=OpenDoor)
    threads: Threads = field(default_factory=MemoryThreads)
    helpdesk: WatchedHelpdesk = field(init=False)
    journal: RecordingJournal = field(init=False)

    def __post_init__(self) -> None:
        self.helpdesk = WatchedHelpdesk(
            [self.ticket], trail=self.trail, capabilities=self.capabilities
        )
        self.journal = RecordingJournal(trail=self.trail)

    @property
    def script(self) -> ScriptedModels:
        """The models, where they go by a script."""
        assert isinstance(self.models, ScriptedModels)
        return self.models

    @property
    def desk(self) -> Desk:
        """The desk that a stage is handed."""
        ours = shipped()
        return Desk(
            taxonomy=ours.taxonomy,
            tiers=self.tiers,
            policy=self.policy,
            prompt=ours.classify,
            clock=self.clock,
            facts=self.facts,
            models=self.models,
            helpdesk=self.helpdesk,
            journal=self.journal,
            guards=self.guards,
            limits=ours.guards,
            summarise=ours.summarise,
            compress=ours.compress,
            threads=self.threads,
        )
