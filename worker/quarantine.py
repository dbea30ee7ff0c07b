"""Carries suspects: each in a process that has nothing else to lose.

A process that dies takes 64 tickets with it, and perhaps one of them killed it. A run that was in a
dead process therefore goes on alone, and only a death while alone counts against it: no healthy
ticket is ever buried for the company that it was in.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess

from config.environment import Environment
from tasks.run import Run
from worker.fleet import Fleet
from worker.telemetry import log

Hire = Callable[[Environment, frozenset[str]], Fleet]

AT_ONCE = 8
"""Suspects that run beside each other; the others wait for a place."""

FAILED = 75
"""Exit code of one that could not do its work and says so: no death."""

PRELOADED = (
    "worker.crew",
    "worker.carrying.carrier",
    "worker.models.local",
    "worker.models.transport",
    "worker.models.silence",
)
"""What a suspect's process needs and what takes long to import, as far as this one has it."""


class Quarantine:
    """Starts processes by fork from a server that has imported everything and done nothing.

    That server (multiprocessing's) is started with the first suspect. Needs a `hire` that can be
    named from outside: a function of a module.
    """

    def __init__(self, hire: Hire, environment: Environment, queues: frozenset[str]) -> None:
        self._given = (hire, environment, queues)
        self._context = get_context("forkserver")
        loaded = [name for name in PRELOADED if name in sys.modules]
        self._context.set_forkserver_preload([hire.__module__, *loaded])
        self._places = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="quarantine")

    async def carry(self, run: Run) -> bool:
        """Carries a run that is ours; whether its process died over it.

        Cancelled, it waits a moment for the process to put its run back.
        """
        process = self._context.Process(
            target=_carry, args=(*self._given, run), name=f"suspect-{run.id}", daemon=True
        )
        suspect = _Suspect(process)
        living = asyncio.get_running_loop().run_in_executor(self._places, suspect.live)
        try:
            code = await asyncio.shield(living)
        except asyncio.CancelledError:
            suspect.end()
            await asyncio.wait([living], timeout=ENDING_SECONDS)
            raise
        # Asked to end before it could put its run back: with its worker, not by the ticket.
        return code not in (0, FAILED, -signal.SIGTERM)

    def close(self) -> None:
        """Takes no more of them."""
        self._places.shutdown(wait=False, cancel_futures=True)


ENDING_SECONDS = 3.0
"""How long a suspect's process may take to release its run."""


class _Suspect:
    """A process that is to be, is, or has been."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self._is_ended = False
        self._door = threading.Lock()  # none is started behind the one who ends it

    def live(self) -> int:
        """Starts it and waits for its end; its exit code."""
        with self._door:
            if self._is_ended:
                return FAILED
            self._process.start()
        self._process.join()
        assert self._process.exitcode is not None  # noqa: S101 - it has been waited for
        return self._process.exitcode

    def end(self) -> None:
        """Has it put its run back, or never begin."""
        with self._door:
            self._is_ended = True
            if self._process.pid is not None and self._process.is_alive():
                self._process.terminate()


def _carry(hire: Hire, environment: Environment, queues: frozenset[str], run: Run) -> None:
    """The life of a suspect's process."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's is for the one that began us
    log.set_up(environment.log_level)
    try:
        fleet = hire(environment, queues)
        signal.signal(signal.SIGTERM, lambda *_: fleet.cancel())
        fleet.carry_held(run)
    except Exception as error:  # noqa: BLE001 - whatever it is, this process has not died of it
        log.Log("quarantine").warning("suspect.failed", error=type(error).__name__)
        os._exit(FAILED)


def _end_with_parent() -> None:
    """Whoever carries the run on after us must not meet us there."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
    os._exit(FAILED)
