"""Half a minute of storm over a real fleet: a slice of `make chaos`, and of what it prints."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.fleet import ROOT
from tests.chaos.verdict import INVARIANTS

pytestmark = pytest.mark.timeout(480)


def test_nothing_is_lost_in_half_a_minute_of_storm(tmp_path: Path) -> None:
    words = (
        "--seed",
        "13",
        "--minutes",
        "0.4",
        "--tickets",
        "120",
        "--every",
        "3",
        "--out",
        tmp_path,
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "13.json").read_text())
    assert record["violations"] == {name: [] for name in (*INVARIANTS, "I10")}
    assert record["tickets"] == 120
    assert sum(record["states"].values()) == record["runs"] >= 120
    assert record["kills"] >= 1
    # Redis is killed twice in it: nobody ends who was not killed or asked to (-15: while starting).
    assert {end.split()[1] for end in record["ended_oddly"]} <= {"-15"}
    assert [strike["at"] for strike in record["timeline"]]
    assert record["again"] in done.stderr
    assert "0 violations in" in done.stdout
