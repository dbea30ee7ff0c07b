"""`make test` has two rounds, and either of them can fail it."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
echo "$@" >> {log}
case "$*" in *"not alone"*) exit {together} ;; *) exit {alone} ;; esac
"""
"""Which runs nothing and ends as it is told."""


@pytest.mark.parametrize(
    ("together", "alone", "whole"),
    [(0, 0, 0), (1, 0, 1), (0, 1, 1), (2, 1, 2), (5, 0, 0), (0, 5, 0), (5, 1, 1), (5, 5, 5)],
)
def test_both_are_run_and_either_can_fail(
    tmp_path: Path, together: int, alone: int, whole: int
) -> None:
    """Arguments that choose no test of one round (5) choose some of the other, or none at all."""
    script, python = tmp_path / ".make" / "test", tmp_path / ".venv" / "bin" / "python"
    for path in (script, python):
        path.parent.mkdir(parents=True)
    shutil.copy(ROOT / ".make" / "test", script)
    log = tmp_path / "log"
    python.write_text(PYTHON.format(log=log, together=together, alone=alone))
    python.chmod(0o755)
    ended = subprocess.run((script, "-k", "two words"), check=False)
    assert ended.returncode == whole
    first, second = log.read_text().splitlines()
    assert first.startswith("-m pytest -m not alone --numprocesses=")
    assert second == "-m pytest -m alone -k two words"
    assert first.endswith(" -k two words")
