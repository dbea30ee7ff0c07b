"""A configuration is put there whole or not at all, and over nothing."""

from pathlib import Path

import pytest

from tasks.errors import OperatorError
from worker.operating.proposing.folder import put

FILES = {"facts/a.json": "{}", "training.csv": "a\r\nb\n", "taxonomy.toml": "x"}


def seen(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_bytes().decode()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "mine"
    put(FILES, directory)
    assert seen(directory) == FILES
    assert directory.stat().st_mode & 0o777 == 0o700
    assert (directory / "training.csv").stat().st_mode & 0o777 == 0o600
    assert list(directory.parent.iterdir()) == [directory]


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    put(FILES, tmp_path / "mine")
    assert seen(tmp_path / "mine") == FILES


def test_other_files_stay_where_they_are(tmp_path: Path) -> None:
    directory = tmp_path / "mine"
    directory.mkdir()
    (directory / "helpdesk.toml").write_text("theirs")
    put(FILES, directory)
    assert seen(directory) == {**FILES, "helpdesk.toml": "theirs"}
    assert list(tmp_path.iterdir()) == [directory]


@pytest.mark.parametrize("name", ["facts", "training.csv", "taxonomy.toml"])
def test_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    """And nothing else is put beside it."""
    (tmp_path / name).write_text("theirs")
    with pytest.raises(OperatorError, match=f"has {name} already"):
        put(FILES, tmp_path)
    assert seen(tmp_path) == {name: "theirs"}


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("theirs")
    with pytest.raises(OperatorError, match="is no directory"):
        put(FILES, tmp_path / "mine")


class Killed(BaseException):
    """As by Ctrl-C."""


@pytest.mark.parametrize("at", range(1, 4))
def test_whoever_is_interrupted_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Before the last file it is not there at all."""
    write, written = Path.write_text, list[Path]()

    def dies(path: Path, *words: str, **more: str) -> int:
        written.append(path)
        if len(written) == at:
            raise Killed
        return write(path, *words, **more)

    monkeypatch.setattr(Path, "write_text", dies)
    with pytest.raises(Killed):
        put(FILES, tmp_path / "mine")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="cannot be written: "):
        put(FILES, tmp_path / "file" / "mine")
