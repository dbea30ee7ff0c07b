"""The file inbox: appended to, written anew, cut short, missing."""

import os
from pathlib import Path

import pytest

from tasks.errors import SourceDown
from tasks.ports.inbox import Page
from worker.inboxes import file as file_inbox
from worker.inboxes.file import FileInbox
from worker.inboxes.mark import PROBE_BYTES


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "inbox.jsonl"


def _read(path: Path, position: str | None = None, *, limit: int = 100) -> Page:
    """As another process would, with nothing but the position."""
    return FileInbox(path, root=path.parent).read(position, limit=limit)


def _lines(page: Page) -> list[str]:
    return [message.raw.decode() for message in page.messages]


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def _touch(path: Path) -> None:
    """A later time of change, however coarse the file system's clock is."""
    found = path.stat()
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1_000_000_000))


def test_a_line_is_a_message_to_the_byte(path: Path) -> None:
    """Whatever it holds; only its end, of either kind, is not part of it."""
    path.write_bytes(b'{"id": 1}\r\n\xff\x00 not a ticket\n  {"id": 2} \n')
    raw = [message.raw for message in _read(path).messages]
    assert raw == [b'{"id": 1}', b"\xff\x00 not a ticket", b'  {"id": 2} ']


def test_an_empty_line_is_no_message(path: Path) -> None:
    """There is nothing in it that could be lost."""
    path.write_text("\n1\n \t\n\r\n2\n\n")
    assert _lines(_read(path)) == ["1", "2"]


def test_a_last_line_without_an_end_is_brought(path: Path) -> None:
    """Many files have none."""
    path.write_text("1\n2")
    page = _read(path)
    assert _lines(page) == ["1", "2"]
    assert _lines(_read(path, page.position)) == []


def test_a_last_line_that_has_grown_is_brought_again(path: Path) -> None:
    """Whole, and from its beginning."""
    path.write_text("1\n2")
    page = _read(path)
    _append(path, "3\n4\n")
    assert _lines(_read(path, page.position)) == ["23", "4"]


def test_an_end_put_to_the_last_line_loses_nothing(path: Path) -> None:
    """The same message may come again; the ledger knows it."""
    path.write_text("1\n2")
    page = _read(path)
    _append(path, "\n3\n")
    assert _lines(_read(path, page.position)) == ["2", "3"]


def test_a_file_cut_short_starts_over(path: Path) -> None:
    """What is read has no place in it any more."""
    path.write_text("1\n2\n3\n")
    page = _read(path)
    path.write_text("1\n")
    assert _lines(_read(path, page.position)) == ["1"]


def test_a_longer_file_in_its_place_starts_over(path: Path) -> None:
    """The same inode and more bytes, but others."""
    path.write_text("1\n2\n")
    page = _read(path)
    path.write_text("7\n8\n9\n")
    _touch(path)
    assert _lines(_read(path, page.position)) == ["7", "8", "9"]


def test_a_file_of_the_same_length_in_its_place_starts_over(path: Path) -> None:
    """Its time of change tells."""
    path.write_text("1\n2\n")
    page = _read(path)
    path.write_text("7\n8\n")
    _touch(path)
    assert _lines(_read(path, page.position)) == ["7", "8"]


def test_another_file_moved_into_its_place_starts_over(path: Path) -> None:
    """As most editors save."""
    path.write_text("1\n2\n")
    page = _read(path)
    other = path.with_name("other")
    other.write_text("1\n2\n3\n")
    other.replace(path)
    assert _lines(_read(path, page.position)) == ["1", "2", "3"]


def test_a_change_near_the_beginning_or_the_mark_of_a_large_file_is_seen(path: Path) -> None:
    """Without reading it all again at every poll."""
    lines = [f"{number:0100}\n" for number in range(3 * PROBE_BYTES // 101)]
    for changed in (0, len(lines) - 1):
        path.write_text("".join(lines))
        page = _read(path, limit=len(lines))
        anew = [*lines, "new\n"]
        anew[changed] = f"{'x' * 100}\n"
        path.write_text("".join(anew))
        _touch(path)
        assert len(_lines(_read(path, page.position, limit=len(anew)))) == len(anew)


def test_a_large_file_that_has_grown_goes_on(path: Path) -> None:
    """Most polls find just this."""
    path.write_text("".join(f"{number:0100}\n" for number in range(3 * PROBE_BYTES // 101)))
    page = _read(path, limit=10_000)
    _append(path, "new\n")
    _touch(path)
    assert _lines(_read(path, page.position)) == ["new"]


def test_a_file_written_anew_between_two_pages_starts_over(path: Path) -> None:
    """One poll reads several pages."""
    path.write_text("1\n2\n3\n")
    page = _read(path, limit=1)
    path.write_text("7\n8\n9\n0\n")
    _touch(path)
    assert _lines(_read(path, page.position)) == ["7", "8", "9", "0"]


def test_a_page_holds_so_many_bytes_at_most(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lines it might hold; what is over comes on the next page."""
    monkeypatch.setattr(file_inbox, "PAGE_BYTES", 250)
    path.write_text("".join(f"{number:0100}\n" for number in range(5)))
    first = _read(path)
    assert (len(first.messages), first.more) == (3, True)
    second = _read(path, first.position)
    assert (len(second.messages), second.more) == (2, False)


def test_a_missing_file_is_named_with_what_to_give(path: Path) -> None:
    """The operator reads it as it is."""
    with pytest.raises(SourceDown, match=r"there is no file .*inbox\.jsonl: give file:PATH"):
        _read(path)


def test_a_folder_is_no_inbox(path: Path) -> None:
    """Nor is anything else that is no plain file."""
    path.mkdir()
    with pytest.raises(SourceDown, match="is not a file"):
        _read(path)


def test_a_pipe_is_not_waited_for(path: Path) -> None:
    """A writer may never come."""
    os.mkfifo(path)
    with pytest.raises(SourceDown, match="is not a file"):
        _read(path)


def test_a_path_that_leads_through_a_file_is_unreadable(path: Path) -> None:
    """The system's own words say why."""
    path.touch()
    with pytest.raises(SourceDown, match="cannot be read: Not a directory"):
        _read(path / "inbox.jsonl")


def test_two_files_of_one_name_are_two_sources(tmp_path: Path) -> None:
    """Their tickets may have the same ids and are others all the same."""
    names = {FileInbox(tmp_path / folder / "inbox.jsonl").name for folder in ("a", "b")}
    assert len(names) == 2


def test_a_file_in_the_checkout_keeps_its_name_when_that_moves(tmp_path: Path) -> None:
    """Else a moved checkout would take in every ticket again."""
    names = {
        FileInbox(root / "fixtures" / "inbox.jsonl", root=root).name
        for root in (tmp_path / "here", tmp_path / "there")
    }
    assert names == {"file:fixtures/inbox.jsonl"}


def test_a_file_has_one_name_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a relative path, by an absolute one, and through a linked folder."""
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    monkeypatch.chdir(tmp_path / "data")
    paths = (
        Path("inbox.jsonl"),
        tmp_path / "data" / "inbox.jsonl",
        tmp_path / "link" / "inbox.jsonl",
    )
    assert {FileInbox(path).name for path in paths} == {f"file:{tmp_path}/data/inbox.jsonl"}


def test_a_link_in_the_files_own_place_keeps_its_name(tmp_path: Path) -> None:
    """`today.jsonl` points to another file tomorrow."""
    (tmp_path / "today.jsonl").symlink_to(tmp_path / "monday.jsonl")
    assert FileInbox(tmp_path / "today.jsonl", root=tmp_path).name == "file:today.jsonl"
