"""The import contracts hold because each of them can be broken: every one is, once, in a copy."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

ONE_WAY = "Imports go one way: worker, tasks, config"
NOT_HOW = "What happens to a ticket and with which values knows nothing of how it is run"
LITELLM = "Only worker.models imports litellm"
CYCLES = "No cycles"
IN_WORKER = "The layers of the worker"
IN_TASKS = "The layers of what happens to a ticket"
IN_CONFIG = "The layers of the configuration"

BREAKS = (
    (ONE_WAY, {"config/intruder.py": "import tasks"}),
    (ONE_WAY, {"tasks/intruder.py": "import worker"}),
    (NOT_HOW, {"tasks/intruder.py": "from celery import Celery"}),
    (NOT_HOW, {"tasks/intruder.py": "import sqlite3"}),
    (NOT_HOW, {"config/intruder.py": "def late():\n    import httpx"}),
    (LITELLM, {"worker/intruder.py": "import litellm"}),
    (IN_WORKER, {"worker/ledgers/intruder.py": "import worker.carrying.hints"}),
    (IN_WORKER, {"worker/newcomer.py": ""}),
    (IN_TASKS, {"tasks/ports/intruder.py": "import tasks.pipeline"}),
    (IN_TASKS, {"tasks/enrich.py": "import tasks.classify"}),
    (IN_TASKS, {"tasks/newcomer.py": ""}),
    (IN_CONFIG, {"config/newcomer.py": ""}),
    (CYCLES, {"tasks/hen.py": "import tasks.egg", "tasks/egg.py": "import tasks.hen"}),
)
"""A contract, and files that break it."""


def _lint_imports(checkout: Path) -> str:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    return f"{done.stdout}{done.stderr}\nexit {done.returncode}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for folder in ("config", "tasks", "worker"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.parametrize(("contract", "files"), BREAKS)
def test_a_broken_contract_is_named(copy: Path, contract: str, files: dict[str, str]) -> None:
    for name, text in files.items():
        (copy / name).write_text(f"{text}\n")
    said = _lint_imports(copy)
    assert f"{contract} BROKEN" in said
    assert said.endswith("exit 1")


def test_every_contract_holds_here(copy: Path) -> None:
    said = _lint_imports(copy)
    assert " 0 broken" in said
    assert said.endswith("exit 0")


def test_every_contract_is_broken_once() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = {contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]}
    assert contracts == {contract for contract, _ in BREAKS}
