"""A process that asks one upstream through the guards, as often as they let it."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection

from config.guards import Breaker
from tasks.errors import BreakerOpen, ProviderDown
from tasks.ports.guards import Errand
from worker.chance import token, uniform
from worker.clock import SystemClock
from worker.guards.breakers import Breakers
from worker.guards.doors import Doors
from worker.guards.redis_shared import RedisShared, connect
from worker.guards.scribe import Scribe
from worker.ledgers.engine import connect as connect_ledger
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log

ERRAND = Errand(upstream="x")


@dataclass(frozen=True, kw_only=True)
class Told:
    """Where everything is, and how many ask at once."""

    redis_url: str
    ledger_url: str
    port: int
    at_once: int
    config: Breaker


def open_doors(redis_url: str, ledger: SqlLedger, config: Breaker) -> Doors:
    """As a worker's."""
    clock, log = SystemClock(), Log("test")
    breakers = Breakers(
        config,
        RedisShared(connect(redis_url), clock),
        clock=clock,
        chance=uniform,
        token=token,
        scribe=Scribe(ledger, log),
        log=log,
    )
    return Doors(breakers)


async def ask_on(doors: Doors, port: int, counts: Counter[str]) -> None:
    """Again and again; whoever is held back comes again when told to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        try:
            async with doors.admit(ERRAND):
                writer.write(b"?\n")
                _judge(await reader.readline())
            counts["ok"] += 1
        except ProviderDown:
            counts["failed"] += 1
        except BreakerOpen as held:
            counts["held"] += 1
            await asyncio.sleep(min(held.retry_after, 0.1))


def _judge(said: bytes) -> None:
    if said != b"ok\n":
        message = "it said no"
        raise ProviderDown(message)


def main(told: Told, line: Connection) -> None:
    """Says that it is ready, asks until it is told to end, says how it went."""
    asyncio.run(_main(told, line))


async def _main(told: Told, line: Connection) -> None:
    ledger = SqlLedger(connect_ledger(told.ledger_url))
    doors = open_doors(told.redis_url, ledger, told.config)
    doors.breakers.start()
    counts: Counter[str] = Counter()
    line.send("ready")
    await asyncio.to_thread(line.recv)
    asking = [asyncio.create_task(ask_on(doors, told.port, counts)) for _ in range(told.at_once)]
    await asyncio.to_thread(line.recv)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    doors.breakers.stop()
    ledger.close()
    line.send(counts)
