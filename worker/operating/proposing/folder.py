"""Puts files into a folder so that a kill leaves nothing half: all of them, or none."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import mkdtemp

from tasks.errors import OperatorError

PRIVATE, CLOSED = 0o600, 0o700


def in_the_way(directory: Path, names: Iterable[str]) -> list[str]:
    """Which of these files and folders are there already. Raises OperatorError for no folder."""
    if directory.exists() and not directory.is_dir():
        raise OperatorError(f"{directory} is no directory")
    tops = sorted({name.partition("/")[0] for name in names})
    return [name for name in tops if (directory / name).exists() or (directory / name).is_symlink()]


def put(files: Mapping[str, str], directory: Path) -> None:
    """Makes the folder, for its owner alone, whole and in one step.

    Where other files are in it already it stays, and these come one by one, each whole, in the
    order in which they are given. Raises OperatorError where one is there, or nothing can be put.
    """
    if found := in_the_way(directory, files):
        there = ", ".join(found)
        raise OperatorError(
            f"{directory} has {there} already, and nothing is overwritten: "
            "take that away, or name another directory with --dir"
        )
    try:
        _put(files, directory)
    except OSError as error:
        raise OperatorError(f"{directory} cannot be written: {error.strerror}") from error


def _put(files: Mapping[str, str], directory: Path) -> None:
    directory.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        for name, text in files.items():
            path = beside / name
            path.parent.mkdir(mode=CLOSED, exist_ok=True)
            path.touch(mode=PRIVATE)
            path.write_text(text, encoding="utf-8", newline="")
        if directory.exists() and any(directory.iterdir()):
            for name in dict.fromkeys(name.partition("/")[0] for name in files):
                (beside / name).rename(directory / name)
        else:
            beside.rename(directory)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
