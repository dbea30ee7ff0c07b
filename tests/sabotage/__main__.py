"""`make sabotage`: plants each defect in turn and prints which test catches it.

A suite that lets a planted defect live proves nothing; one that fails without a defect neither.
"""

import re
import subprocess
import sys
import time

from tests.sabotage.defects import DEFECTS, nothing

SUITE = (
    "tests/unit/tasks/test_delivery.py",
    "tests/unit/worker/carrying",
    "tests/unit/tasks/test_decide.py",
    "tests/unit/worker/guards",
    "tests/acceptance/test_throttled.py",
    "tests/properties/test_breakers_agree.py",
    "tests/properties/test_limits_hold.py",
    "tests/properties/test_retries_stay_a_share.py",
    "tests/contracts/test_ledger_money.py",
    "tests/contracts/test_ledger_money_races.py",
    "tests/simulation",
)
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def main() -> int:
    """0 when every defect is caught and the dummy is not."""
    wrong = 0
    for name in DEFECTS:
        began = time.monotonic()
        caught = _caught(name)
        wrong += (caught is None) is not (name == nothing.__name__)
        seconds = time.monotonic() - began
        sys.stdout.write(f"{name:26} {caught or 'not caught'} ({seconds:.0f} s)\n")
        sys.stdout.flush()
    total = len(DEFECTS) - 1
    sys.stdout.write(f"{total - wrong} of {total} caught\n" if wrong else f"all {total} caught\n")
    return 1 if wrong else 0


def _caught(name: str) -> str | None:
    """The first test that fails with this defect in the code; None where all pass."""
    command = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.sabotage.plugin")
    options = (f"--plant={name}", "-p", "no:cacheprovider", "--tb=no")
    done = subprocess.run((*command, *options, *SUITE), capture_output=True, text=True, check=False)
    found = FAILED.search(done.stdout)
    if done.returncode and not found:
        raise SystemExit(f"pytest ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return found[1] if found else None


if __name__ == "__main__":
    sys.exit(main())
