"""Puts together what tells of alerts: what is looked at, and the channels that config names."""

from collections.abc import Callable, Sequence

from config.load import Config
from tasks.ports.clock import Clock
from worker.alerts.channel import Channel
from worker.alerts.channels.log import LogChannel
from worker.alerts.channels.smtp import SmtpChannel
from worker.alerts.channels.webhook import WebhookChannel
from worker.alerts.lookout import Lookout
from worker.alerts.post import Post
from worker.broker.errors import BrokerDown
from worker.broker.queues import Broker
from worker.guards.overview import overview
from worker.guards.redis_shared import RedisShared, connect
from worker.guards.shared import SharedAway
from worker.guards.standing import Standing
from worker.inboxes.embedded import EmbeddedInbox
from worker.inboxes.file import FileInbox, file_of
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log

HELPDESK = "helpdesk"
FILE = "file:"


def open_lookout(
    ledger: SqlLedger, config: Config, clock: Clock, broker_url: str, *, judges: bool = False
) -> Lookout:
    """Looks at everything that this fleet has; `judges`: at what people correct as well."""
    shared = RedisShared(connect(broker_url), clock)

    def breakers() -> Sequence[Standing] | None:
        try:
            return overview(shared, ledger.trips(), config.guards.breaker)
        except SharedAway:
            return None

    return Lookout(ledger, config, watched=watched(config), breakers=breakers, judges=judges)


def watched(config: Config) -> tuple[str, ...]:
    """The sources that beat has polled, by their names in the ledger; opens none of them."""
    settings, named = config.settings, config.environment.source
    sources = (*settings.sources.inboxes, *((named,) if named else ()), HELPDESK)
    return tuple(dict.fromkeys(_name(source, config) for source in sources))


def _name(source: str, config: Config) -> str:
    if source.startswith(FILE):
        return FileInbox(file_of(source.removeprefix(FILE))).name
    remote = config.helpdesk.remote
    return f"{config.helpdesk.kind}:{remote.url.rstrip('/')}" if remote else EmbeddedInbox.name


def open_post(ledger: SqlLedger, config: Config, clock: Clock) -> Post:
    """What is to be told goes to these channels."""
    log = Log("alerts")
    runbook = config.alerts.runbook
    owned = open_owned(config)
    return Post(open_channels(config), ledger, clock, runbook=runbook, log=log, owned=owned)


def open_channels(config: Config) -> tuple[Channel, ...]:
    """The log, and whatever else is configured."""
    webhook, smtp = config.alerts.webhook, config.alerts.smtp
    credentials = config.environment.credentials
    channels: list[Channel] = [LogChannel(Log("alerts"))]
    if webhook.url:
        secret = credentials.get(webhook.credential)
        channels.append(
            WebhookChannel(
                webhook.url,
                {webhook.header: secret} if secret else {},
                timeout_seconds=webhook.timeout_seconds,
                kinds=webhook.kinds,
            )
        )
    if smtp.host:
        channels.append(SmtpChannel(smtp, _login(config)))
    return tuple(channels)


def open_owned(config: Config) -> dict[str, tuple[Channel, ...]]:
    """The name of an owner -> their channels. What shows who we are elsewhere is not theirs."""
    smtp, wait = config.alerts.smtp, config.alerts.webhook.timeout_seconds
    found: dict[str, tuple[Channel, ...]] = {}
    for name, owner in config.alerts.owners.items():
        channels: list[Channel] = []
        if url := owner.webhook or config.environment.credentials.get(owner.webhook_credential):
            called = f"webhook:{name}"
            channels.append(WebhookChannel(url, {}, timeout_seconds=wait, name=called))
        if owner.to:
            server = smtp.model_copy(update={"to": owner.to, "kinds": ()})
            channels.append(SmtpChannel(server, _login(config), name=f"smtp:{name}"))
        found[name] = tuple(channels)
    return found


def _login(config: Config) -> tuple[str, str] | None:
    smtp, credentials = config.alerts.smtp, config.environment.credentials
    user, password = (credentials.get(n) for n in (smtp.user_credential, smtp.credential))
    return (user, password) if user and password else None


def answering(broker: Broker) -> Callable[[], bool]:
    """Whether that broker answers, whenever it is asked."""

    def answers() -> bool:
        try:
            broker.ping()
        except BrokerDown:
            return False
        return True

    return answers
