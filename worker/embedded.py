"""The whole fleet on one machine, as children of one process."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.request import urlopen

from config.environment import Environment
from config.settings import Settings
from worker.broker import server
from worker.broker.names import CONSUMED
from worker.compose import Shop
from worker.ledgers.sql import SqlLedger
from worker.processes.child import Child

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
FLOWER_CONF = Path(__file__).parent / "pages" / "flowerconfig.py"


def children(shop: Shop, environment: Environment, *, started_at: float) -> tuple[Child, ...]:
    """Redis where none is configured, one worker for all queues, beat and Flower.

    Raises RefusedToStart when no Redis can be had.
    """
    handed = variables(shop, environment)
    fleet = (
        _worker(shop, handed, started_at),
        _beat(shop, handed),
        _flower(shop.config.settings, handed),
    )
    if environment.broker_url:
        return fleet
    plan = server.plan(shop.home.redis)
    redis = Child(
        name="redis",
        command=plan.command,
        environment=plan.environment,
        ready=plan.answers,
        foundation=True,
    )
    return (redis, *fleet)


def variables(shop: Shop, environment: Environment) -> dict[str, str]:
    """The children's environment: ours, with what the command line decided."""
    handed = dict(environment.credentials)
    handed["TRIAGE_HOME"] = str(shop.home.root)
    handed["TRIAGE_BROKER_URL"] = shop.broker_url
    handed.pop("TRIAGE_SOURCE", None)
    if environment.source:
        handed["TRIAGE_SOURCE"] = environment.source
    return handed


def _worker(shop: Shop, handed: Mapping[str, str], started_at: float) -> Child:
    size = str(shop.config.settings.worker.concurrency)
    options = ("-P", "threads", "-c", size, "-Q", ",".join(CONSUMED), "-n", "triage@%h")
    return Child(
        name="worker",
        command=(*CELERY, "worker", *options, "--without-gossip", "--without-mingle"),
        environment=handed,
        ready=_now_and_then(lambda: _somebody_works(shop.ledger, started_at)),
    )


def _beat(shop: Shop, handed: Mapping[str, str]) -> Child:
    schedule = shop.home.root / "beat-schedule"
    return Child(
        name="beat",
        command=(*CELERY, "beat", "-s", str(schedule), "--pidfile="),
        environment=handed,
        ready=lambda: True,
    )


def _flower(settings: Settings, handed: Mapping[str, str]) -> Child:
    pages = settings.pages
    address = f"http://{pages.address}:{pages.port}/healthcheck"
    return Child(
        name="flower",
        command=(*CELERY, "flower", f"--conf={FLOWER_CONF}"),
        environment=handed,
        ready=_now_and_then(lambda: _answers(address)),
    )


def _somebody_works(ledger: SqlLedger, since: float) -> bool:
    return any(worker.started_at >= since for worker in ledger.workers())


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=1) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)  # noqa: PLR2004
    except OSError:
        return False


def _now_and_then(look: Callable[[], bool]) -> Callable[[], bool]:
    """Asks at most every fifth time: the supervisor looks ten times a second."""
    times = 0

    def ready() -> bool:
        nonlocal times
        times += 1
        return times % 5 == 1 and look()

    return ready
