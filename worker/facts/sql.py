"""Customer facts from a database of yours: one query for each."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock

from sqlalchemy import Engine

from config.facts import Fact, FactKind, Sql
from tasks.errors import FactsDown
from worker.facts.reading import read_rows
from worker.facts.source import Reply, Who
from worker.facts.sql_engine import open_engine
from worker.facts.sql_job import Job


class SqlFacts:
    """Keeps the promise of worker.facts.source.

    Queries are sent as they stand in config, what is asked by beside them. They block, so a few
    threads send them, one for each connection; whoever gives up on one interrupts it, so that no
    thread waits for a database that has stopped.
    """

    def __init__(self, name: str, url: str, source: Sql, facts: Mapping[FactKind, Fact]) -> None:
        self._name = name
        self._url = url
        self._source = source
        self._facts = facts
        self._seconds = max(fact.timeout_seconds for fact in facts.values())
        self._engine: Engine | None = None
        self._opening = Lock()
        self._threads = ThreadPoolExecutor(
            max_workers=source.connections, thread_name_prefix=f"facts-{name}"
        )

    async def ask(self, kind: FactKind, who: Who) -> Reply:
        """One query."""
        fact = self._facts[kind]
        keys = {"email": who.email, "customer_id": who.customer_id}
        job = Job(
            fact,
            {key: keys[key] for key in fact.asked_by},
            self._opened,
            told=f"{self._name}, {kind}",
        )
        try:
            asked = asyncio.get_running_loop().run_in_executor(self._threads, job.run)
        except RuntimeError as error:  # the threads take no more work
            message = f"{self._name}, {kind}: this process is ending"
            raise FactsDown(message) from error
        try:
            rows = await asked
        except asyncio.CancelledError:
            job.abandon()
            raise
        return partial(read_rows, kind, fact, rows, who)

    async def aclose(self) -> None:
        """Ends its connections."""
        if self._engine is not None:
            await asyncio.to_thread(self._engine.dispose)

    def _opened(self) -> Engine:
        """Opened by the first thread that asks, for that loads a driver."""
        with self._opening:
            if self._engine is None:
                self._engine = open_engine(
                    self._url,
                    credential=self._source.credential,
                    connections=self._source.connections,
                    seconds=self._seconds,
                )
            return self._engine
