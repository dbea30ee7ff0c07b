"""Opens what the pages need: the ledger and the broker, and never the key to any ticket's text."""

from dataclasses import dataclass

from tornado.routing import URLSpec

from config.environment import Environment
from config.load import load
from worker.alarm import open_lookout
from worker.broker.queues import Broker
from worker.clock import SystemClock
from worker.home import Home
from worker.ledgers.engine import connect
from worker.ledgers.sql import SqlLedger
from worker.pages.doors import doors
from worker.pages.password import FILE, USER, password
from worker.pages.snapshot import Camera
from worker.pages.watch import Watch
from worker.telemetry import log


@dataclass(frozen=True, kw_only=True)
class Pages:
    """What Flower is told."""

    address: str
    port: int
    login: str  # USER:PASSWORD
    doors: list[URLSpec]


def open_pages(environment: Environment) -> Pages:
    """The pages of this fleet. Raises ConfigError and RefusedToStart."""
    log.set_up(environment.log_level)
    config = load(environment)
    home = Home(environment.home).prepare()
    secret, made = password(environment, home)
    if made:
        # Nobody printed it, so somebody has to be told where it is.
        log.Log("pages").info("flower.password_made", user=USER, kept=str(home.root / FILE))
    clock = SystemClock()
    ledger = SqlLedger(
        connect(environment.ledger_url or f"sqlite:///{home.ledger}"), config.guards.caps
    )
    broker_url = environment.broker_url or home.broker_url()
    lookout = open_lookout(ledger, config, clock, broker_url)
    camera = Camera(ledger, Broker(broker_url), config, clock, lookout)
    pages = config.settings.pages
    return Pages(
        address=pages.address,
        port=pages.port,
        login=f"{USER}:{secret}",
        doors=doors(Watch(camera.take, clock, every=pages.snapshot_seconds)),
    )
