"""The set-up says in one line what is missing, before it installs anything."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

TOOLS = ("cksum", "date", "dirname", "grep", "ln", "mkdir", "mv", "readlink", "rm")
FAILS = "exit 127"  # as a shim does that pyenv left behind


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a space in its path, and a folder `bin` that is the whole PATH."""
    folder = tmp_path / "my checkout"
    shutil.copytree(ROOT / ".make", folder / ".make")
    for path in (*ROOT.glob("requirements*"), ROOT / "pyproject.toml"):
        shutil.copy(path, folder)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, tool
        (tmp_path / "bin" / tool).symlink_to(found)
    return folder


def _command(checkout: Path, name: str, does: str) -> None:
    path = checkout.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


def _refusal(checkout: Path, **variables: str) -> str:
    done = subprocess.run(
        [checkout / ".make" / "setup", "run"],
        env={"PATH": str(checkout.parent / "bin"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert not (checkout / ".venv").exists()
    [line] = done.stderr.splitlines()
    return line


def test_without_a_python_that_serves(checkout: Path) -> None:
    _command(checkout, "python3.12", FAILS)
    _command(checkout, "python3", "echo old")
    assert "needs Python 3.11 or later" in _refusal(checkout)


def test_with_a_python_asked_for_that_does_not_serve(checkout: Path) -> None:
    _command(checkout, "python3.12", "echo wheel")
    assert "tried: nowhere/python" in _refusal(checkout, PYTHON="nowhere/python")


def test_with_a_python_that_cannot_make_a_virtual_environment(checkout: Path) -> None:
    _command(checkout, "python3", "echo bare")
    assert "apt-get install python3-venv" in _refusal(checkout)


def test_without_a_redis(checkout: Path) -> None:
    _command(checkout, "python3.12", FAILS)
    _command(checkout, "python3", "echo plain")
    assert "needs redis-server or valkey-server on PATH" in _refusal(checkout)
