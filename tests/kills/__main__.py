"""`make kills TIMES=500`: prints what the helpdesk's own history says afterwards."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.acceptance.fleet import a_place
from tests.kills.lives import live
from worker.broker import server


def main() -> int:
    """0 when nothing is there twice, missing or other than intended."""
    parser = argparse.ArgumentParser(prog="tests.kills")
    parser.add_argument("--times", type=int, default=500)
    times = parser.parse_args().times
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, server.start(Path(name) / "redis") as redis:
        place = a_place(Path(name), {"TRIAGE_BROKER_URL": redis.url})
        try:
            lives = live(place, times, lambda told: sys.stderr.write(f"\r{told}"))
        finally:
            place.clear()
    sys.stderr.write("\n")
    kills = ", ".join(f"{count} after {point}" for point, count in lives.kills.items())
    sys.stdout.write(
        f"{times} kills ({kills}), {lives.tickets} tickets, {time.monotonic() - began:.0f} s\n"
        f"twice {len(lives.twice)}, missing {len(lives.missing)}, not as intended "
        f"{len(lives.wrong)}: {lives.violations} violations, "
        f"95 % bound {3 / times:.4f} a kill\n"
    )
    for what in (*lives.twice, *lives.missing, *lives.wrong):
        sys.stdout.write(f"  {what}\n")
    return 1 if lives.violations else 0


if __name__ == "__main__":
    sys.exit(main())
