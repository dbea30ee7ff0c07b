"""No ticket waits for what a library imports at its first question."""

import json
import subprocess
import sys

import pytest

from tests.acceptance.asking import MODELS
from tests.acceptance.fleet import ROOT

pytestmark = pytest.mark.timeout(120)


def test_a_warm_gateway_imports_nothing_at_a_first_question_and_has_sent_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.acceptance.warmed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"sent": 0, "asked": len(MODELS), "late": []}
