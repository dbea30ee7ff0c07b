"""`python -m tests.rehearsal SCENE`: one scene of the night in question, and its figures as JSON.

Exit code 1 where anything is not as it was promised.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable

from tests.rehearsal import outage
from tests.rehearsal.pace import Pace

Scene = Callable[[Pace, int], tuple[dict[str, object], bool]]


def _outage(pace: Pace, seed: int) -> tuple[dict[str, object], bool]:
    found = outage.outage(pace, seed=seed, fallback=False)
    return found, outage.is_well(found)


def _fallback(pace: Pace, seed: int) -> tuple[dict[str, object], bool]:
    found = outage.outage(pace, seed=seed, fallback=True)
    return found, outage.is_well(found)


SCENES: dict[str, Scene] = {"outage": _outage, "fallback": _fallback}


def main() -> int:
    """0 where all is well."""
    parser = argparse.ArgumentParser(prog="tests.rehearsal", description=__doc__)
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=float, default=10.0, help="faster than in earnest")
    asked = parser.parse_args()
    began = time.monotonic()
    found, is_well = SCENES[asked.scene](Pace(times=asked.times), asked.seed)
    document = {"scene": asked.scene, "seed": asked.seed, "times_faster": asked.times}
    document |= {"seconds": round(time.monotonic() - began), **found, "ok": is_well}
    sys.stdout.write(f"{json.dumps(document, indent=1)}\n")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
