"""Builds a Celery app whose tasks carry tickets."""

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from celery import Celery, signals

from config.environment import Environment
from config.errors import ConfigError
from worker.broker.names import CONSUMED, UPKEEP
from worker.celery_settings import settings
from worker.home import Home
from worker.jobs import Hands, bind
from worker.quarantine.process import Hire
from worker.refusals import EXIT_CODE, RefusedToStart
from worker.schedule import schedule
from worker.telemetry import log


class _Instance(Protocol):
    """What is used of Celery's worker."""

    pool_cls: object


def build(environment: Environment, hire: Hire) -> Celery:
    """The app for this environment. `hire` is called in a worker only, once, before it begins."""
    broker_url = environment.broker_url or Home(environment.home).broker_url()
    app = Celery("triage")
    app.conf.update(settings(broker_url))
    app.conf.beat_schedule = schedule(environment)
    hands = Hands(environment, hire)
    bind(app, hands)
    _listen(app, environment, hands)
    return app


@contextmanager
def _or_end() -> Iterator[None]:
    """Whatever goes wrong within ends this process, in words.

    Celery logs what a receiver raises, and goes on to consume with a worker that is none.
    """
    try:
        yield
    except (RefusedToStart, ConfigError) as error:
        sys.stderr.write(f"triage: {error}\n")
        raise SystemExit(EXIT_CODE) from error
    except Exception as error:
        traceback.print_exc()
        raise SystemExit(EXIT_CODE) from error


def _poll(app: Celery) -> None:
    """Beat's first poll may be a whole interval away: who has just started waits for nothing.

    Where beat polls at the same time, worker/upkeep/polling.py leaves one of the two out.
    """
    if UPKEEP in app.amqp.queues.consume_from:
        for entry in app.conf.beat_schedule.values():
            app.send_task(entry["task"], args=entry["args"], **entry["options"])


def _listen(app: Celery, environment: Environment, hands: Hands) -> None:
    """Ties the fleet's life to the worker's. `weak=False`: nobody else keeps these functions."""

    def set_up_log(**_: object) -> None:
        log.set_up(environment.log_level)

    def start(instance: _Instance, **_: object) -> None:
        chosen = frozenset(str(name) for name in app.amqp.queues.consume_from)
        with _or_end():
            hands.start(chosen & frozenset(CONSUMED), pool=str(instance.pool_cls))

    def poll(**_: object) -> None:
        _poll(app)

    def drain(**_: object) -> None:
        hands.drain()

    def stop(**_: object) -> None:
        hands.stop()

    signals.setup_logging.connect(set_up_log, weak=False)
    signals.celeryd_after_setup.connect(start, weak=False)
    signals.worker_ready.connect(poll, weak=False)
    signals.worker_shutting_down.connect(drain, weak=False)
    signals.worker_shutdown.connect(stop, weak=False)
