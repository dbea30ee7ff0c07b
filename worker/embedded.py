"""The whole fleet on one machine, as children of one process."""

import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.request import urlopen

from config.environment import Environment
from config.settings import Settings
from config.tiers import TIERS
from worker.broker import server
from worker.broker.errors import BrokerDown
from worker.broker.names import CONSUMED
from worker.compose import Shop
from worker.ledgers.sql import SqlLedger
from worker.processes.child import Child
from worker.refusals import RefusedToStart

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
FLOWER_CONF = Path(__file__).parent / "pages" / "flowerconfig.py"


def children(
    shop: Shop, environment: Environment, *, started_at: float, polls: bool = True
) -> tuple[Child, ...]:
    """Redis where none is configured, one worker for all queues, beat and Flower.

    Without `polls` no source is asked: there is no beat, and the worker does not serve `upkeep`.
    Raises RefusedToStart when no Redis can be had, or the configured one must not be used.
    """
    if environment.broker_url:
        _judge(shop)
    # Redis first: where it listens may be decided only now, and the others must know.
    redis = () if environment.broker_url else (_redis(shop),)
    handed = variables(shop, environment)
    return (
        *redis,
        _worker(shop, handed, started_at, CONSUMED if polls else TIERS),
        *((_beat(shop, handed),) if polls else ()),
        _flower(shop.config.settings, handed),
    )


def variables(shop: Shop, environment: Environment) -> dict[str, str]:
    """The children's environment: ours, with what the command line decided."""
    handed = dict(environment.credentials)
    handed["TRIAGE_HOME"] = str(shop.home.root)
    handed["TRIAGE_BROKER_URL"] = shop.broker_url
    handed.pop("TRIAGE_SOURCE", None)
    if environment.source:
        handed["TRIAGE_SOURCE"] = environment.source
    return handed


def _judge(shop: Shop) -> None:
    """The configured broker must answer, and be fit."""
    broker = shop.broker()
    try:
        broker.refuse_unfit()
    except BrokerDown as error:
        raise RefusedToStart(
            str(error), remedy="Start it, or mend TRIAGE_BROKER_URL; `triage check` tells more."
        ) from error
    finally:
        broker.close()


def _redis(shop: Shop) -> Child:
    plan = server.plan(shop.home.redis)
    return Child(
        name="redis",
        command=plan.command,
        environment=plan.environment,
        ready=plan.answers,
        foundation=True,
    )


def _worker(
    shop: Shop, handed: Mapping[str, str], started_at: float, queues: Sequence[str]
) -> Child:
    size = str(shop.config.settings.worker.concurrency)
    options = ("-P", "threads", "-c", size, "-Q", ",".join(queues), "-n", "triage@%h")
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
    _refuse_taken(pages.address, pages.port)
    address = f"http://{pages.address}:{pages.port}/healthcheck"
    return Child(
        name="flower",
        command=(*CELERY, "flower", f"--conf={FLOWER_CONF}"),
        environment=handed,
        ready=_now_and_then(lambda: _answers(address)),
    )


def _refuse_taken(address: str, port: int) -> None:
    """A page that cannot be served is said before anything is started."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((address, port))
        except OSError as error:
            raise RefusedToStart(
                f"Flower cannot listen on {address}:{port}: {error.strerror}.",
                remedy="End what listens there, which may be another `triage up`, or set another "
                "port under [pages] in settings.toml (TRIAGE_CONFIG=DIR).",
            ) from error


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
