"""The checkout: which files are ours."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]

NOT_OURS = {".git", ".venv", ".triage", "__pycache__"}


def ours() -> list[Path]:
    """Every file that git keeps or would keep; without git, every file but what tools make."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode == 0:
        paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    else:
        paths = list(ROOT.rglob("*"))
    return sorted(
        path
        for path in paths
        if path.is_file() and NOT_OURS.isdisjoint(path.relative_to(ROOT).parts)
    )
