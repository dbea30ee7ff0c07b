"""`make chaos SEED=7 MINUTES=15 LEDGER=postgres`: a storm, and a verdict on it."""

import argparse
import json
import sys
import time
from pathlib import Path

from tests.acceptance.fleet import ROOT
from tests.chaos.storm import Orders, weather

OUT = ROOT / "out" / "chaos"


def main() -> int:
    """0 where no invariant is violated."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="default: drawn, and printed")
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--ledger", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--tickets", type=int, default=None, help="default: 400 a minute")
    parser.add_argument("--only", nargs="*", default=[], help="kinds of fault; default: all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--latency", type=float, default=1.0, help="the model's, in seconds")
    parser.add_argument("--every", type=float, default=4.5, help="seconds between heavy faults")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--json", action="store_true", help="print the record instead of a table")
    asked = parser.parse_args()
    seed = int(time.time()) % 100_000 if asked.seed is None else asked.seed
    orders = Orders(
        seed=seed,
        minutes=asked.minutes,
        ledger=asked.ledger,
        tickets=asked.tickets or int(asked.minutes * 400),
        only=tuple(asked.only),
        workers=asked.workers,
        latency=asked.latency,
        every=asked.every,
    )
    sys.stderr.write(f"seed {seed}; again: {orders.command}\n")
    record = weather(orders, sys.stderr.write)
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / f"{seed}.json"
    path.write_text(json.dumps(record.as_json(), indent=1) + "\n")
    sys.stdout.write(json.dumps(record.as_json()) if asked.json else record.as_text())
    sys.stdout.write("\n")
    sys.stderr.write(f"timeline and figures: {path}\n")
    return 1 if record.violations else 0


if __name__ == "__main__":
    sys.exit(main())
