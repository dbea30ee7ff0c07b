"""Carries suspects: first in company, and alone where a company has died.

A process that dies takes 64 tickets with it, and perhaps one of them killed it. All of them go on
together in a process beside their worker: after a kill from outside nobody loses time. Where that
process dies too, each of its tickets goes on in one of its own, and only a death while alone counts
against it: no healthy ticket is ever buried for the company that it was in.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from config.environment import Environment
from tasks.run import Run
from worker.quarantine.alone import Alone
from worker.quarantine.company import Company
from worker.quarantine.process import Given, Hire, is_death, prepare

Found = TypeVar("Found")

AT_ONCE = 8
"""Processes with one suspect each; the others wait for a place."""

ENDING_SECONDS = 1.0
"""How long a process may take to release its runs; then we do, and it is refused."""


class Quarantine:
    """Needs a `hire` that can be named from outside: a function of a module."""

    def __init__(
        self,
        hire: Hire,
        environment: Environment,
        queues: frozenset[str],
        *,
        monotonic: Callable[[], float],
    ) -> None:
        self._given = Given(hire, environment, queues)
        self._context = prepare(self._given)
        self._monotonic = monotonic
        self._company: Company | None = None
        self._places = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="quarantine")

    async def together(self, run: Run) -> bool:
        """Carries a run that is ours beside other suspects; whether their process has died.

        Cancelled, it waits a moment for the process to put its runs back. From the loop's thread.
        """
        company, told = self._join(run)
        return await _or_end(asyncio.wrap_future(told), company.end)

    async def alone(self, run: Run) -> bool:
        """As `together`, in a process that has nothing but this run."""
        alone = Alone(self._context, self._given, run)
        living = asyncio.get_running_loop().run_in_executor(self._places, alone.live)
        code = await _or_end(living, alone.end)
        return is_death(code)

    def _join(self, run: Run) -> tuple[Company, "Future[bool]"]:
        if self._company and self._company.owner == run.owner:
            told = self._company.join(run)
            if told:
                return self._company, told
        if self._company:
            self._company.close()
        self._company = Company(self._context, self._given, run.owner, self._monotonic)
        told = self._company.join(run)
        assert told  # noqa: S101 - it is new
        return self._company, told

    def close(self) -> None:
        """Takes no more of them."""
        if self._company:
            self._company.close()
        self._places.shutdown(wait=False, cancel_futures=True)


async def _or_end(living: "asyncio.Future[Found]", end: Callable[[], None]) -> Found:
    """What comes of it; cancelled, it is asked to end, and waited for a moment."""
    try:
        return await asyncio.shield(living)
    except asyncio.CancelledError:
        end()
        await asyncio.wait([living], timeout=ENDING_SECONDS)
        raise
