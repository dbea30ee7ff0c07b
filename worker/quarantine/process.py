"""What a process of the quarantine is: a fleet that works under its parent's name."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import NamedTuple

from config.environment import Environment
from tasks.run import Incarnation
from worker.fleet import Fleet
from worker.telemetry import log

Hire = Callable[[Environment, frozenset[str]], Fleet]

FAILED = 75
"""Exit code of one that could not do its work and says so: no death."""

PRELOADED = (
    "worker.crew",
    "worker.carrying.carrier",
    "worker.models.local",
    "worker.models.transport",
    "worker.models.silence",
)
"""What such a process needs and what takes long to import, as far as this one has it."""


class Given(NamedTuple):
    """What it needs to hire a fleet. `hire` is a function of a module: it is found by its name."""

    hire: Hire
    environment: Environment
    queues: frozenset[str]


def prepare(given: Given) -> ForkServerContext:
    """Processes are forked from a server that has imported everything and done nothing.

    That server (multiprocessing's) is started with the first of them.
    """
    context = get_context("forkserver")
    loaded = [name for name in PRELOADED if name in sys.modules]
    context.set_forkserver_preload([given.hire.__module__, *loaded])
    return context


def begin(process: ForkServerProcess) -> None:
    """Starts it."""
    with TURN:
        process.start()


def code_of(process: ForkServerProcess) -> int | None:
    """Waits for its end; its exit code."""
    wait([process.sentinel])
    with TURN:
        process.join()
        return process.exitcode


TURN = threading.Lock()
"""Whoever starts a process asks all others for their ends, and an end can be read only once: of two
who read it at once the second is told 255, which would be a death."""


def is_death(code: int | None) -> bool:
    """Whether a process that ended like this has died, and not been asked to end or given up.

    One that was asked before it could put its runs back has ended with its worker.
    """
    return code not in (0, FAILED, -signal.SIGTERM)


@contextmanager
def fleet_for(given: Given, owner: Incarnation | None) -> Iterator[Fleet]:
    """In such a process: a fleet that carries what `owner` holds. SIGTERM has all of it put back.

    Whatever goes wrong ends the process with FAILED: it has not died of a ticket.
    """
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's is for the one that began us
    log.set_up(given.environment.log_level)
    try:
        fleet = given.hire(given.environment, given.queues)
        fleet.stand_in_for(owner)
        signal.signal(signal.SIGTERM, lambda *_: _end(fleet))
        try:
            yield fleet
        except SystemExit:  # it was asked to end
            pass
        finally:
            fleet.let_go()
    except Exception as error:  # noqa: BLE001 - whatever it is, this process has not died of it
        log.Log("quarantine").warning("suspect.failed", error=type(error).__name__)
        os._exit(FAILED)


def _end(fleet: Fleet) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would interrupt this
    fleet.cancel()
    raise SystemExit(0)


def _end_with_parent() -> None:
    """Whoever carries the runs on after us must not meet us there."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(FAILED)
