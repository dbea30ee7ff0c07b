"""How results are shown: aligned tables for people, one JSON document for scripts."""

import json
from collections.abc import Iterable, Sequence
from textwrap import wrap

from tasks.errors import OperatorError

GAP = "  "
WIDEST = 60
FOLDED = 98
LEAST = 40


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def tickets_wait(count: int) -> str:
    """So many of them do."""
    return "1 ticket waits" if count == 1 else f"{count} tickets wait"


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as they need to be; what is too long for a cell is cut."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = _widths(headers, cells)
    for row in (headers, *cells):
        print(_line(row, widths))


def print_folded(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """As a table of which the last column is never cut: it goes on in the lines below."""
    cells = [([_cell(value) for value in row[:-1]], str(row[-1])) for row in rows]
    widths = _widths(headers[:-1], [cut for cut, _ in cells])
    room = max(LEAST, FOLDED - sum(width + len(GAP) for width in widths))
    for cut, text in ((headers[:-1], headers[-1]), *cells):
        first, *more = _folded(text, room) or [""]
        print(_line((*cut, first), (*widths, 0)))
        for piece in more:
            print(_line(([""] * len(cut)) + [piece], (*widths, 0)))


def _widths(headers: Sequence[str], cells: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(headers, *cells, strict=True)]


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def print_text(text: str, *, margin: str = GAP) -> None:
    """All of it; lines that are too long are folded."""
    for line in text.splitlines():
        for piece in _folded(line) or [""]:
            print(f"{margin}{piece}".rstrip())


def _folded(line: str, room: int = FOLDED) -> list[str]:
    return wrap(line, room, break_long_words=False, break_on_hyphens=False)


def _cell(value: object) -> str:
    text = "-" if value is None else str(value)
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= WIDEST else f"{one_line[: WIDEST - 1]}…"


def known(value: str | None, choices: Iterable[str], what: str) -> str | None:
    """The value, if it is one of these or none at all. Raises OperatorError with all of them."""
    choices = [str(choice) for choice in choices]
    if value is None or value in choices:
        return value
    raise OperatorError(f"{value!r} is no {what}: {', '.join(choices)}")


def dollars(micro_usd: int) -> str:
    """Millionths of a dollar as dollars."""
    return f"${micro_usd / 1e6:.4f}"
