"""A home is private, is refused when it cannot be one, and has one fleet at a time."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from worker.broker import server
from worker.home import FleetLock, Home, holder
from worker.refusals import RefusedToStart

ROOT = Path(__file__).parents[2]

HOLD = """
import sys, time
from pathlib import Path
from worker.home import FleetLock, Home
with FleetLock(Home(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "a home").prepare()


def _modes(home: Home) -> set[int]:
    folders = (home.root, home.redis, home.logs, home.cache, home.incarnations)
    return {stat.S_IMODE(folder.stat().st_mode) for folder in folders}


def test_a_new_home_is_for_its_owner_only(tmp_path: Path) -> None:
    assert _modes(Home(tmp_path / "deep" / "home").prepare()) == {0o700}


def test_a_home_that_exists_stays_as_it_is(home: Home) -> None:
    home.root.chmod(0o750)
    home.secret.write_text("kept")
    home.prepare()
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o750
    assert home.secret.read_text() == "kept"


def test_a_file_is_no_home(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(RefusedToStart, match="cannot be the fleet's home") as refusal:
            Home(root).prepare()
        assert "TRIAGE_HOME" in refusal.value.remedy


def test_a_place_where_nothing_can_be_written_is_no_home() -> None:
    with pytest.raises(RefusedToStart, match="/proc/triage"):
        Home(Path("/proc/triage")).prepare()


def test_a_second_fleet_learns_of_the_first(home: Home) -> None:
    assert holder(home) is None
    with FleetLock(home):
        assert holder(home) == os.getpid()
        with pytest.raises(RefusedToStart, match=f"process {os.getpid()}"), FleetLock(home):
            pass
    assert holder(home) is None


def test_a_killed_fleet_leaves_its_home_free(home: Home) -> None:
    command = [sys.executable, "-c", HOLD, str(home.root)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as fleet:
        assert fleet.stdout
        assert fleet.stdout.readline() == "held\n"
        assert holder(home) == fleet.pid
        fleet.send_signal(signal.SIGKILL)
    with FleetLock(home):
        assert holder(home) == os.getpid()


def test_the_embedded_broker_is_where_the_home_says(home: Home, tmp_path: Path) -> None:
    for each in (home, Home(tmp_path / "plain").prepare()):
        with server.start(each.redis) as redis:
            assert each.broker_url() == redis.url
