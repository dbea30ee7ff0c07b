"""`python -m tests.bench`: this fleet beside a bare Celery chain, interleaved, as a table.

Both do three GETs of facts, one model call through litellm and three PATCHes against the same stub,
with two worker processes. Ratios of one run mean something; single figures depend on the machine.
"""

import argparse
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.processes import cost
from tests.bench.sides import WORKERS, ChainSide, FleetSide, Side
from tests.bench.world import World, world


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One side in one round."""

    rate: float  # tickets a second
    cpu_ms: float  # a ticket, of all worker processes
    p50: float  # seconds from claim to last PATCH
    p99: float
    pss_mb: float
    messages: float  # a ticket


def measure(side: Side, tickets: int) -> Figures:
    """One round: the workers are idle before and after."""
    side.world.timings()
    before, taken = cost(side.pids()), side.world.deliveries()
    enqueuing = side.enqueue(tickets)
    seconds = enqueuing + side.wait(tickets, seconds=600)
    spent = cost(side.pids()).since(before)
    times = sorted(side.world.timings())
    return Figures(
        rate=tickets / seconds,
        cpu_ms=spent.cpu_seconds * 1000 / tickets,
        p50=times[len(times) // 2],
        p99=times[int(len(times) * 0.99)],
        pss_mb=spent.pss_mb,
        messages=(side.world.deliveries() - taken) / tickets,
    )


def compare(latency: float, concurrency: int, tickets: int, rounds: int) -> list[list[Figures]]:
    """The fleet, one that looks, and the chain."""
    with world(latency) as here:
        sides: list[Side] = [
            FleetSide(here, concurrency),
            FleetSide(here, concurrency, looks=True),
            ChainSide(here, concurrency),
        ]
        return _in_turn(sides, tickets, rounds)


def guards(tickets: int, rounds: int) -> list[list[Figures]]:
    """The fleet, and the same without its guards."""
    with world(0.0) as here:
        return _in_turn([FleetSide(here, 50), FleetSide(here, 50, guarded=False)], tickets, rounds)


def _in_turn(sides: list[Side], tickets: int, rounds: int) -> list[list[Figures]]:
    """Rounds of all of them, interleaved, after one to warm up."""
    found: list[list[Figures]] = [[] for _ in sides]
    for side in sides:
        side.start()
    for side in sides:
        measure(side, max(50, tickets // 10))
    for number in range(rounds):
        for side, figures in zip(sides, found, strict=True):
            figures.append(measure(side, tickets))
            _say(f"{side.name} {number + 1}/{rounds}: {figures[-1]}")
    for side in sides:
        side.stop()
    return found


def queueing(count: int) -> dict[str, tuple[float, float]]:
    """Side -> (tickets a second into the queue, bytes in Redis a ticket); no worker runs."""
    with world(0.0) as here:
        return {
            side.name: _queue(side, here, count)
            for side in (FleetSide(here, 2), ChainSide(here, 2))
        }


def _queue(side: Side, here: World, count: int) -> tuple[float, float]:
    side.enqueue(1)
    before = here.redis.info("memory")["used_memory"]
    seconds = side.enqueue(count)
    grown = here.redis.info("memory")["used_memory"] - before
    return count / seconds, grown / count


ROWS: list[tuple[str, Callable[[Figures], float], str]] = [
    ("tickets per second", lambda f: f.rate, ".0f"),
    ("CPU ms per ticket (workers)", lambda f: f.cpu_ms, ".1f"),
    ("p50 claim to last PATCH, s", lambda f: f.p50, ".3f"),
    ("p99 claim to last PATCH, s", lambda f: f.p99, ".3f"),
    ("memory of the workers (PSS), MB", lambda f: f.pss_mb, ".0f"),
    ("messages per ticket", lambda f: f.messages, ".2f"),
]


def table(title: str, found: list[list[Figures]]) -> None:
    """Medians, and their ratios to the chain's."""
    print(f"\n**{title}**\n\n| | fleet | with looks | chain | fleet / chain | with looks / chain |")
    print("|---|---|---|---|---|---|")
    for name, pick, form in ROWS:
        fleet, looking, chain = (statistics.median(map(pick, figures)) for figures in found)
        print(
            f"| {name} | {fleet:{form}} | {looking:{form}} | {chain:{form}} "
            f"| {fleet / chain:.2f} | {looking / chain:.2f} |"
        )


def _tell_of_guards(found: list[list[Figures]]) -> None:
    """What they cost."""
    print("\n**what the guards cost**\n\n| | with | without | with / without |\n|---|---|---|---|")
    for name, pick, form in ROWS[:2]:
        guarded, bare = (statistics.median(map(pick, figures)) for figures in found)
        print(f"| {name} | {guarded:{form}} | {bare:{form}} | {guarded / bare:.2f} |")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    """The way in."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--tickets", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["zero", "second", "guards", "queue"])
    asked = parser.parse_args()
    if asked.only in (None, "zero"):
        found = compare(0.0, 50, asked.tickets, asked.rounds)
        table(f"model latency 0, {WORKERS} workers, 50 in flight", found)
    if asked.only in (None, "second"):
        found = compare(1.0, 200, asked.tickets, asked.rounds)
        table(f"model latency 1 s, {WORKERS} workers, 200 in flight", found)
    if asked.only in (None, "guards"):
        _tell_of_guards(guards(asked.tickets, asked.rounds))
    if asked.only in (None, "queue"):
        print("\n**queueing, nobody consumes**\n\n| | tickets/s | bytes in Redis per ticket |")
        print("|---|---|---|")
        for name, (rate, size) in queueing(10_000).items():
            print(f"| {name} | {rate:.0f} | {size:.0f} |")


if __name__ == "__main__":
    main()
