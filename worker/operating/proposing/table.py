"""Past tickets from a CSV file, as somebody has got it out of another program."""

import csv
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from tasks.errors import OperatorError
from worker.operating.proposing.past import Omissions, Past, Pile, as_priority, one_line, piled

TEXTS = ("text", "subject", "body")
COLUMNS = (*TEXTS, "issue_type", "queue", "priority", "requester")
DELIMITERS = ",;\t"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A row as it stands there. `line` is the one that it begins in."""

    line: int
    cells: Sequence[str]


def read_table(path: Path) -> Pile:
    """The tickets in a CSV file with `issue_type` and `text`, or `subject` and `body`.

    `queue`, `priority` (1 to 4) and `requester` are read where they are there; other columns are
    not. Raises OperatorError where it is no such file; a row that says too little is left out.
    """
    text = _decoded(path)
    with _huge_fields():
        delimiter = max(DELIMITERS, key=lambda one: len(_known(_header(text, one))))
        rows = _rows(path, text, delimiter)
        names = _names(next(rows).cells)
        _refuse_columns(path, names)
        omissions = Omissions()
        return piled(_tickets(rows, names, omissions), omissions)


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        kind = "UTF-16" if raw.startswith(UTF_16) else "WINDOWS-1252"
        line = raw.count(b"\n", 0, error.start) + 1
        message = (
            f"{path} is not UTF-8 (line {line}): convert it, "
            f"for example: iconv -f {kind} -t UTF-8 {shlex.quote(path.name)} > utf-8.csv"
        )
        raise OperatorError(message) from error
    if not text.strip():
        raise OperatorError(f"{path} is empty")
    return text.lstrip("\r\n")


@contextmanager
def _huge_fields() -> Iterator[None]:
    """A ticket may be a pasted log; only its beginning is kept, but it must be read."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _header(text: str, delimiter: str) -> list[str]:
    return _names(next(csv.reader(StringIO(text, newline=""), delimiter=delimiter)))


def _names(cells: Sequence[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def _known(names: Sequence[str]) -> set[str]:
    return set(COLUMNS).intersection(names)


def _rows(path: Path, text: str, delimiter: str) -> Iterator[_Row]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            yield _Row(line=begins, cells=next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            message = f"{path} is not whole, in the row that begins in line {begins}: {error}"
            raise OperatorError(message) from error


def _refuse_columns(path: Path, names: Sequence[str]) -> None:
    if twice := sorted(name for name in _known(names) if names.count(name) > 1):
        raise OperatorError(f"{path} has several columns called {', '.join(twice)}")
    missing = [] if set(TEXTS).intersection(names) else ["text (or subject and body)"]
    if "issue_type" not in names:
        missing.append("issue_type")
    if missing:
        there = ", ".join(names)[:200]
        message = f"{path} has no column {' and no column '.join(missing)}; it has: {there}"
        raise OperatorError(message)


def _tickets(
    rows: Iterator[_Row], names: Sequence[str], omissions: Omissions
) -> Iterator[tuple[str, Past]]:
    for row in rows:
        if not any(cell.strip() for cell in row.cells):
            continue
        found = dict(zip(names, map(str.strip, row.cells), strict=False))
        which = f"line {row.line}"
        if any(row.cells[len(names) :]):
            omissions.add("more fields than the header has", which)
        elif not (text := _text(found)):
            omissions.add("no text", which)
        elif not (issue_type := one_line(found.get("issue_type", ""))):
            omissions.add("no issue type", which)
        else:
            yield which, _past(text, issue_type, found)


def _text(found: Mapping[str, str]) -> str:
    turns = (found.get("subject", ""), found.get("body", ""))
    return found.get("text") or "\n".join(filter(None, turns))


def _past(text: str, issue_type: str, found: Mapping[str, str]) -> Past:
    return Past(
        text=text,
        issue_type=issue_type,
        queue=found.get("queue") or None,
        priority=as_priority(found.get("priority")),
        requester=found.get("requester", "").lower() or None,
    )
