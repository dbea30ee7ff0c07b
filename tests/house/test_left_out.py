"""A test left out is named with its reason, and in CI it is a failure."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

TESTS = """
import pytest

def test_runs():
    pass

def test_needs_a_browser():
    pytest.skip("no browser here")

@pytest.mark.xfail(reason="not mended yet")
def test_known_to_fail():
    raise AssertionError
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(ROOT / "tests" / "left_out.py", tmp_path / "tests" / "conftest.py")
    (tmp_path / "tests" / "test_some.py").write_text(TESTS)
    return tmp_path


def _pytest(checkout: Path, *, ci: bool) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    return subprocess.run(
        [sys.executable, "-m", "pytest"],
        cwd=checkout,
        env=environment | ({"CI": "true"} if ci else {}),
        capture_output=True,
        text=True,
        check=False,
    )


def test_elsewhere_it_is_named_with_its_reason(checkout: Path) -> None:
    done = _pytest(checkout, ci=False)
    assert done.returncode == pytest.ExitCode.OK
    assert "no browser here" in done.stdout
    assert "not mended yet" in done.stdout


def test_in_ci_it_fails(checkout: Path) -> None:
    done = _pytest(checkout, ci=True)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    *_, closing = done.stdout.splitlines()
    assert "test_needs_a_browser: Skipped: no browser here" in done.stdout
    assert "test_known_to_fail: expected to fail: not mended yet" in done.stdout
    assert "1 passed, 1 skipped, 1 xfailed" in closing
