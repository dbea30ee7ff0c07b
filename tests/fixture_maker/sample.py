"""Draws messages from the half of BANKING77's test split that nothing is trained on."""

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from tests.fixture_maker.draw import Draw


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One message, with what people decided about it."""

    id: str
    text: str
    intent: str
    issue_type: str


def read_rows(path: Path) -> list[Row]:
    """The rows of the data set's inbox.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def stratified(rows: list[Row], count: int, draw: Draw) -> list[Row]:
    """So many rows, each issue type with its share of them, in a drawn order."""
    by_type: defaultdict[str, list[Row]] = defaultdict(list)
    for row in draw.shuffled(rows, "sample"):
        by_type[row.issue_type].append(row)
    shares = _shares(Counter(row.issue_type for row in rows), count)
    chosen = [row for name, share in shares.items() for row in by_type[name][:share]]
    return draw.shuffled(chosen, "inbox")


def _shares(sizes: Counter[str], count: int) -> dict[str, int]:
    """Whole numbers in proportion to the sizes; the largest remainders are rounded up."""
    exact = {name: size * count / sizes.total() for name, size in sorted(sizes.items())}
    shares = {name: int(share) for name, share in exact.items()}
    remainders = sorted(exact, key=lambda name: shares[name] - exact[name])
    for name in remainders[: count - sum(shares.values())]:
        shares[name] += 1
    return shares
