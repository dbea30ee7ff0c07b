"""FLUSHALL with thousands queued: `python -m tests.chaos.flush --ledger postgres --tickets 5000`.

Says how long it takes until the broker has the whole backlog again, and in how many sends for each
ticket that was queued.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from tasks.run import State
from tests.acceptance.fleet import ROOT
from tests.acceptance.patience import until
from tests.chaos.arena import Arena, arena
from worker.broker.queues import Broker

WARM_SECONDS = 90.0
BACK_SECONDS = 120.0
TICK = 0.05


def measure(seed: int, ledger: str, tickets: int, workers: int) -> dict[str, Any]:
    """One FLUSHALL."""
    with arena(seed, ledger, tickets=tickets, seconds=1.0, workers=workers, latency=2.5) as found:
        broker = found.place.shop.broker()
        path = found.folder / "all.jsonl"
        path.write_bytes(
            b"".join(one.line() + b"\n" for one in found.customers.take(tickets, path))
        )
        found.place.ask("intake", f"file:{path}")
        while len(found.place.shop.ledger.workers()) < workers:
            found.troop.tend()
            time.sleep(TICK)
        until(lambda: found.place.states()[State.RUNNING] > 0, WARM_SECONDS)
        queued = found.place.states()[State.QUEUED]
        before = _sends(found)
        found.broker.client.flushall()
        began = time.monotonic()
        until(lambda: _is_back(found, broker), BACK_SECONDS)
        back = time.monotonic() - began
        sends = _sends(found) - before
        broker.close()
        return {
            "seed": seed,
            "ledger": ledger,
            "queued": queued,
            "back_seconds": round(back, 2),
            "sends_a_ticket": round(sends / queued, 3),
            "states": {str(state): count for state, count in found.place.states().items()},
        }


def _sends(found: Arena) -> int:
    """Messages that were ever sent; each ticket's first one, by its intake, among them."""
    return sum(run.send_n for run in found.place.runs() if run.stage != "intake")


def _is_back(found: Arena, broker: Broker) -> bool:
    """Whether the broker holds a message of everything that is queued."""
    found.troop.tend()
    held = {run for run, _ in broker.held()}
    return all(run.id in held for run in found.place.runs(states=(State.QUEUED,)))


def main() -> int:
    """0 where it is back within 30 s, at 1.2 sends a ticket."""
    parser = argparse.ArgumentParser(prog="tests.chaos.flush")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--tickets", type=int, default=5_500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "out" / "chaos")
    asked = parser.parse_args()
    found = measure(asked.seed, asked.ledger, asked.tickets, asked.workers)
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / f"flush-{asked.ledger}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))
    return 0 if found["back_seconds"] <= 30 and found["sends_a_ticket"] <= 1.2 else 1


if __name__ == "__main__":
    sys.exit(main())
