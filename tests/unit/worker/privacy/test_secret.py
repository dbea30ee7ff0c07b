"""The fleet's secret key: one for everybody, and nobody else's to read."""

import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import pytest

from worker.privacy.secret import secret_key
from worker.refusals import RefusedToStart

ROOT = Path(__file__).parents[3]


def test_the_configured_key_is_used_and_none_is_kept(tmp_path: Path) -> None:
    kept = tmp_path / "secret.key"
    key = secret_key("sixteen letters!", kept)
    assert len(key) == 32
    assert key == secret_key("sixteen letters!", kept)
    assert key != secret_key("sixteen letters?", kept)
    assert not kept.exists()


@pytest.mark.parametrize("short", ["", "fifteen letters"])
def test_a_key_that_protects_nothing_is_refused(tmp_path: Path, short: str) -> None:
    with pytest.raises(RefusedToStart, match="TRIAGE_SECRET_KEY has fewer than 16"):
        secret_key(short, tmp_path / "secret.key")


def test_a_key_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    kept = tmp_path / "secret.key"
    key = secret_key(None, kept)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert secret_key(None, kept) == key
    assert secret_key(None, tmp_path / "another.key") != key


def test_a_kept_key_may_end_with_a_line_break_or_not(tmp_path: Path) -> None:
    kept = tmp_path / "secret.key"
    key = secret_key(None, kept)
    kept.write_bytes(kept.read_bytes().rstrip())
    assert secret_key(None, kept) == key


def test_an_empty_file_is_no_key(tmp_path: Path) -> None:
    kept = tmp_path / "secret.key"
    kept.touch()
    with pytest.raises(RefusedToStart, match=r"secret\.key has fewer than 16"):
        secret_key(None, kept)


MAKES_KEYS = """
import sys
from pathlib import Path
from worker.privacy.secret import secret_key
from worker.refusals import RefusedToStart
for folder in sys.stdin:
    print(secret_key(None, Path(folder.strip()) / "secret.key").hex(), flush=True)
"""


def test_eight_processes_that_make_it_at_once_agree_on_one(tmp_path: Path) -> None:
    with ExitStack() as stack:
        makers = [stack.enter_context(_maker()) for _ in range(8)]
        for attempt in range(6):
            folder = tmp_path / str(attempt)
            folder.mkdir()
            for maker in makers:
                _stdin(maker).write(f"{folder}\n")
            for maker in makers:
                _stdin(maker).flush()
            keys = {maker.stdout.readline() for maker in makers if maker.stdout}
            assert len(keys) == 1
            assert [path.name for path in folder.iterdir()] == ["secret.key"]


def _maker() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", MAKES_KEYS],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _stdin(maker: "subprocess.Popen[str]") -> IO[str]:
    assert maker.stdin
    return maker.stdin
