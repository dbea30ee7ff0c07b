"""The order of the stages is held by their types, not by care."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.checkout import ROOT

PIPELINE = Path("tasks") / "pipeline.py"


def _swapped(source: str) -> str:
    """The same text with the first two stages of the tuple the other way round."""
    [stages] = [
        statement.value
        for statement in ast.parse(source).body
        if isinstance(statement, ast.AnnAssign)
        and isinstance(statement.value, ast.Tuple)
        and ast.unparse(statement.target) == "PIPELINE"
    ]
    story = ast.unparse(stages)
    first, second, *rest = [ast.unparse(stage) for stage in stages.elts]
    assert story in source
    return source.replace(story, f"({', '.join((second, first, *rest))})")


@pytest.mark.timeout(180)
def test_a_pipeline_in_another_order_is_refused_by_the_types(tmp_path: Path) -> None:
    reordered = tmp_path / "pipeline.py"
    reordered.write_text(_swapped((ROOT / PIPELINE).read_text()))
    mypy = [sys.executable, "-m", "mypy", "--no-pretty", f"--cache-dir={tmp_path / 'cache'}"]
    done = subprocess.run(
        [*mypy, "--shadow-file", str(PIPELINE), str(reordered), str(PIPELINE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in done.stdout.splitlines() if " error: " in line]
    assert errors, done.stdout + done.stderr
    assert [line for line in errors if not line.startswith(str(PIPELINE))] == []
    assert any("ncompatible" in line for line in errors), errors
