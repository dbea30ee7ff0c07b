"""The composition root: the only place that picks adapters."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config.environment import Environment
from config.load import Config, load
from config.mode import Mode
from tasks.errors import OperatorError
from tasks.ports.clock import Clock
from tasks.ports.guards import Guards
from tasks.ports.inbox import Inbox
from tasks.ticket import ExternalId
from worker.clock import SystemClock
from worker.facts.opening import open_each, open_sources
from worker.facts.source import Source
from worker.facts.sources import FactSources
from worker.guards.open_door import OpenDoor
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.home import Home
from worker.inboxes.embedded import EmbeddedInbox
from worker.inboxes.file import FileInbox, file_of
from worker.ledgers.engine import connect
from worker.ledgers.residence import REMOTE, Residence
from worker.ledgers.sql import SqlLedger
from worker.privacy.secret import secret_key
from worker.privacy.vault import Vault
from worker.refusals import RefusedToStart
from worker.telemetry.log import Log

if TYPE_CHECKING:
    from worker.broker.queues import Broker
    from worker.helpdesks.roundup.helpdesk import RoundupHelpdesk
    from worker.helpdesks.rt.helpdesk import RtHelpdesk
    from worker.intake import Deliver, Intake
    from worker.threads import Shelf

CHECKOUT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What every process of a fleet shares: the stores, and the rules."""

    config: Config
    home: Home
    clock: SystemClock
    ledger: SqlLedger
    vault: Vault
    helpdesk: "EmbeddedHelpdesk | RtHelpdesk | RoundupHelpdesk"

    @property
    def sandbox(self) -> EmbeddedHelpdesk:
        """The embedded helpdesk. Raises OperatorError where tickets live in a real one."""
        if isinstance(self.helpdesk, EmbeddedHelpdesk):
            return self.helpdesk
        kind = self.config.helpdesk.kind
        raise OperatorError(f"tickets live in {kind}: do that there, this is for the embedded one")

    @property
    def residence(self) -> Residence:
        """Which tickets live in this helpdesk."""
        if isinstance(self.helpdesk, EmbeddedHelpdesk):
            return Residence(never=REMOTE)
        return Residence(only=self.helpdesk.feed.name)

    @property
    def deliver(self) -> "Deliver":
        """Makes tickets known to the helpdesk, where it does not bring them itself."""
        if isinstance(self.helpdesk, EmbeddedHelpdesk):
            return self.helpdesk.deliver_many
        return lambda tickets: [True] * len(tickets)

    @property
    def broker_url(self) -> str:
        """The configured broker, else the embedded one of this home."""
        return self.config.environment.broker_url or self.home.broker_url()

    def broker(self) -> "Broker":
        """A client of the broker. Raises BrokerDown at its first use."""
        from worker.broker.queues import Broker  # noqa: PLC0415 - redis-py costs half a command

        return Broker(self.broker_url)

    def shelf(self) -> "Shelf":
        """The summaries of threads, in the broker's Redis."""
        from worker.threads import Shelf  # noqa: PLC0415 - as above

        days = self.config.policy.context.summary_days
        return Shelf(self.broker_url, self.vault, days=days, clock=self.clock, log=Log("threads"))

    def close(self) -> None:
        """Closes the stores."""
        self.helpdesk.close()
        self.ledger.close()


def open_shop(environment: Environment) -> Shop:
    """Opens the stores; imports neither models nor Celery. Raises ConfigError, RefusedToStart."""
    config = load(environment)
    home = Home(environment.home)
    home.prepare()
    clock = SystemClock()
    secret = secret_key(environment.secret_key, home.secret)
    return Shop(
        config=config,
        home=home,
        clock=clock,
        ledger=SqlLedger(
            connect(environment.ledger_url or f"sqlite:///{home.ledger}"), config.guards.caps
        ),
        vault=Vault(secret, keep_days=config.settings.retention.body_days),
        helpdesk=_open_helpdesk(config, home, clock),
    )


def _open_helpdesk(
    config: Config, home: Home, clock: SystemClock
) -> "EmbeddedHelpdesk | RtHelpdesk | RoundupHelpdesk":
    """The configured one. The others' modules are imported here, for they bring an HTTP client."""
    found, tokens = config.helpdesk, config.environment.credentials
    match found.kind:
        case "embedded":
            return EmbeddedHelpdesk(home.helpdesk, clock)
        case "rt":
            from worker.helpdesks.rt.helpdesk import RtHelpdesk  # noqa: PLC0415

            return RtHelpdesk(found.rt, tokens[found.rt.credential], clock)
        case "roundup":
            from worker.helpdesks.roundup.helpdesk import RoundupHelpdesk  # noqa: PLC0415

            return RoundupHelpdesk(found.roundup, tokens[found.roundup.credential], clock)


def recognise(shop: Shop) -> None:
    """Raises RefusedToStart where the ledger's texts were sealed under another secret."""
    key = shop.ledger.some_key()
    if key is None or shop.vault.fits(key):
        return
    raise RefusedToStart(
        "The ledger's texts were sealed under another secret key, and could not be opened.",
        remedy=f"Set the TRIAGE_SECRET_KEY that it had, or put back the file {shop.home.secret}.",
    )


def open_inbox(name: str, shop: Shop) -> Inbox:
    """The source of that name. Raises OperatorError with what sources there are."""
    kind, _, rest = name.partition(":")
    match kind:
        case "file" if rest:
            _refuse_file(shop)
            return FileInbox(file_of(rest))
        case "helpdesk":
            return _helpdesk_inbox(shop)
        case _:
            message = f"no source is called {name!r}: give file:PATH, or helpdesk for replies"
            raise OperatorError(message)


def _refuse_file(shop: Shop) -> None:
    """A ticket of a file is in no other helpdesk than ours."""
    if (kind := shop.config.helpdesk.kind) != "embedded":
        message = f"tickets live in {kind}, and a file's are not there: the source is `helpdesk`"
        raise OperatorError(message)


def _helpdesk_inbox(shop: Shop) -> Inbox:
    if isinstance(shop.helpdesk, EmbeddedHelpdesk):
        return EmbeddedInbox(shop.helpdesk)
    from worker.inboxes.live import LiveInbox  # noqa: PLC0415 - brings an HTTP client

    return LiveInbox(shop.helpdesk.feed)


def remote_of(shop: Shop) -> "RtHelpdesk | RoundupHelpdesk":
    """The real helpdesk. Raises OperatorError where there is none."""
    if isinstance(shop.helpdesk, EmbeddedHelpdesk):
        raise OperatorError("that is for a real helpdesk: name it in TRIAGE_HELPDESK")
    return shop.helpdesk


def open_older(shop: Shop, since: str) -> Inbox:
    """Its open tickets that were changed since that stamp. Raises OperatorError."""
    from worker.inboxes.live import LiveInbox  # noqa: PLC0415 - brings an HTTP client

    return LiveInbox(remote_of(shop).feed, since=since)


def open_past(shop: Shop, since: str) -> Inbox:
    """Its closed tickets, with what people decided about them. Raises OperatorError."""
    from worker.inboxes.live import LiveInbox  # noqa: PLC0415 - brings an HTTP client
    from worker.inboxes.past import PastFeed  # noqa: PLC0415 - as above

    helpdesk, ledger = remote_of(shop), shop.ledger

    def is_known(ticket: ExternalId) -> bool:
        """Whether a run of it was there to be written, and not only to be compared."""
        mine = (run for run in ledger.named(ticket) if run.source == helpdesk.feed.name)
        return any(run.mode is not Mode.SHADOW for run in mine)

    return LiveInbox(PastFeed(helpdesk.archive, helpdesk.feed, is_known), since=since)


def open_facts(config: Config, clock: Clock, guards: Guards | None = None) -> FactSources:
    """The sources of customer facts; without guards everything is let through."""
    return open_sources(
        config.facts,
        folder=CHECKOUT / config.settings.sources.facts,
        credentials=config.environment.credentials,
        clock=clock,
        guards=guards or OpenDoor(),
    )


def open_fact_sources(config: Config, clock: Clock) -> dict[str, Source]:
    """Each by its name, to be tried."""
    return open_each(
        config.facts,
        folder=CHECKOUT / config.settings.sources.facts,
        credentials=config.environment.credentials,
        clock=clock,
    )


def open_intake(shop: Shop, mode: Mode | None = None) -> "Intake":
    """The intake of this shop; tickets are delivered to the embedded helpdesk on their way.

    `mode`: of every run, where it is more careful than its source.
    """
    from worker.intake import Intake  # noqa: PLC0415 - as above

    return Intake(
        ledger=shop.ledger,
        vault=shop.vault,
        broker=shop.broker(),
        clock=shop.clock,
        facts=open_facts(shop.config, shop.clock),
        config=shop.config,
        deliver=shop.deliver,
        log=Log("intake"),
        mode=mode,
        first_day=shop.config.settings.first_day if shop.config.helpdesk.remote else None,
    )
