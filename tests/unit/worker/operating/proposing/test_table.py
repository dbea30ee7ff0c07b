"""A CSV file out of some other program is read, or it is said what is wrong with it."""

import csv
from pathlib import Path

import pytest

from tasks.errors import OperatorError
from worker.operating.proposing.past import Past, Pile
from worker.operating.proposing.table import read_table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "old tickets.csv"


def read(path: Path, content: str | bytes) -> Pile:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_it_is_read_as_programs_write_it(path: Path, mark: str, delimiter: str, end: str) -> None:
    """With or without a mark of its encoding, whatever stands between fields and lines."""
    rows = (
        (" Subject ", "BODY", "Issue_Type", "queue", "Priority", "Requester", "owner"),
        (
            "Screen",
            f'"It is, ""dark""; mostly{end}since Monday"',
            "Geräte",
            "IT & Netz",
            "2",
            "Ada@x.org",
            "Bob",
        ),
    )
    pile = read(path, mark + "".join(delimiter.join(row) + end for row in rows))
    assert pile.tickets == (
        Past(
            text=f'Screen\nIt is, "dark"; mostly{end}since Monday',
            issue_type="Geräte",
            queue="IT & Netz",
            priority=2,
            requester="ada@x.org",
        ),
    )
    assert pile.left_out == ()
    assert pile.queues is None


def test_a_text_counts_before_subject_and_body(path: Path) -> None:
    pile = read(path, "text,subject,body,issue_type\nwhole,s,b,x\n,s,,x\n,,b,x\n")
    assert [one.text for one in pile.tickets] == ["whole", "s", "b"]


def test_a_row_that_says_too_little_is_left_out_and_no_other(path: Path) -> None:
    """By the line that it begins in; blank rows are no rows."""
    pile = read(
        path,
        'text,issue_type\n"one\ntwo",a\n\n,a\n  ,a\nthree, \nfour\n,\n'
        "five,b,and more\nsix,b,\nseven,b\n",
    )
    assert [one.text for one in pile.tickets] == ["one\ntwo", "six", "seven"]
    left = {one.why: (one.count, one.first) for one in pile.left_out}
    assert left == {
        "no text": (2, ("line 5", "line 6")),
        "no issue type": (2, ("line 7", "line 8")),
        "more fields than the header has": (1, ("line 10",)),
    }


def test_only_the_first_of_many_are_named(path: Path) -> None:
    [omission] = read(path, "text,issue_type\na,x\n" + ",x\n" * 99).left_out
    assert (omission.count, len(omission.first)) == (99, 5)


def test_a_text_is_kept_once_with_the_type_that_most_gave_it(path: Path) -> None:
    """Case and spaces make no other text, and no other issue type."""
    pile = read(
        path,
        "text,issue_type\nMy  screen,Software\nmy screen,hardware\n"
        "my screen ,Hardware \nmouse,Hardware\n",
    )
    assert [(one.text, one.issue_type) for one in pile.tickets] == [
        ("My  screen", "Hardware"),
        ("mouse", "Hardware"),
    ]
    assert pile.conflicting == 1
    [again] = pile.left_out
    assert (again.why, again.first) == ("the same text once more", ("line 3", "line 4"))


def test_a_pasted_log_is_read_and_only_its_beginning_kept(path: Path) -> None:
    pile = read(path, 'text,issue_type\n"' + "x y\n" * 100_000 + '",log\nshort,b\n')
    assert [len(one.text) for one in pile.tickets] == [8_000, 5]
    assert csv.field_size_limit() == 131_072, "as it was: others read files that are not theirs"


def test_what_is_no_priority_of_ours_is_none(path: Path) -> None:
    rows = "".join(
        f"t{number},a,{given}\n"
        for number, given in enumerate(["1", "4", "0", "5", "high", "", "²"])
    )
    pile = read(path, f"text,issue_type,priority\n{rows}")
    assert [one.priority for one in pile.tickets] == [1, 4, None, None, None, None, None]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (
            "text,issue_type\nStörung,a\n".encode("latin-1"),
            r"not UTF-8 \(line 2\).*iconv -f WINDOWS-1252",
        ),
        (
            "text,issue_type\na,b\n".encode("utf-16"),
            r"not UTF-8 \(line 1\).*iconv -f UTF-16.*'old tickets.csv'",
        ),
        (
            b"issue_type,message\na,b\n",
            r"no column text \(or subject and body\); it has: issue_type, message",
        ),
        (b"text,type\na,b\n", "no column issue_type"),
        (b"hello\n", r"no column text \(or subject and body\) and no column issue_type"),
        (b"text,Text,issue_type\na,b,c\n", "several columns called text"),
        (
            b'text,issue_type\na,b\n"never closed,b\nc,d\n',
            "not whole, in the row that begins in line 3",
        ),
    ],
)
def test_what_is_no_such_file_is_said(path: Path, content: bytes, said: str) -> None:
    """With what to do about it; nothing is guessed."""
    with pytest.raises(OperatorError, match=said):
        read(path, content)


def test_a_file_that_is_none_is_said(path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read: No such file"):
        read_table(path)
    with pytest.raises(OperatorError, match="cannot be read: Is a directory"):
        read_table(path.parent)
