"""How results are shown: aligned tables for people, one JSON document for scripts."""

import json
from collections.abc import Iterable, Sequence
from textwrap import wrap

from tasks.errors import OperatorError

GAP = "  "
WIDEST = 60
FOLDED = 98


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=False, default=str))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as they need to be; numbers to the right."""
    cells = [[_cell(value) for value in row] for row in rows]
    raw = [list(headers), *cells]
    widths = [max(map(len, column)) for column in zip(*raw, strict=True)]
    for row in raw:
        line = GAP.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())


def print_text(text: str) -> None:
    """All of it, indented; lines that are too long are folded."""
    for line in text.splitlines():
        folded = wrap(line, FOLDED, break_long_words=False, break_on_hyphens=False)
        for piece in folded or [""]:
            print(f"{GAP}{piece}".rstrip())


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
