"""The saboteur's own check; `make sabotage` plants all of them."""

import subprocess
import sys

import pytest

from tests.sabotage.defects import DEFECTS

CHECKED = "tests/unit/worker/carrying/test_notebook.py"


@pytest.mark.parametrize(("plant", "code"), [("no_fencing", 1), ("nothing", 0)])
def test_a_planted_defect_is_caught_and_a_dummy_is_not(plant: str, code: int) -> None:
    command = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "tests.sabotage.plugin")
    done = subprocess.run((*command, f"--plant={plant}", CHECKED), capture_output=True, check=False)
    assert done.returncode == code, done.stdout.decode()


def test_there_are_thirteen_and_a_dummy() -> None:
    assert len(DEFECTS) == 14
