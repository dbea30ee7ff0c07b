"""A dry run tries as many new tickets as was asked for, whatever stands before them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.fleet import Place, a_line, a_place, an_inbox, lend
from worker.compose import open_inbox, open_intake
from worker.operating.trying import Trial, trial

pytestmark = pytest.mark.timeout(120)

LINES = [a_line(f"T-{number}", f"Which fee is it for {number} cards?") for number in range(9)]


@pytest.fixture
def place(tmp_path: Path, taught: Path) -> Iterator[Place]:
    made = a_place(tmp_path)
    lend(taught, made)
    yield made
    made.clear()


def _tried(place: Place, known: int, limit: int) -> Trial:
    """From the beginning of nine tickets, of which the first so many were taken in before."""
    path = place.folder / "inbox.jsonl"
    inbox = open_inbox(f"file:{an_inbox(path, LINES[:known])}", place.shop)
    open_intake(place.shop).poll(inbox)
    an_inbox(path, LINES)
    return asyncio.run(trial(place.shop, inbox, limit=limit, afresh=True))


def test_what_is_known_does_not_count(place: Place) -> None:
    found = _tried(place, known=5, limit=2)
    assert [one.ticket for one in found.tried] == ["T-5", "T-6"]
    assert found.known == 5


def test_where_there_are_fewer_all_of_them_are_tried(place: Place) -> None:
    found = _tried(place, known=8, limit=2)
    assert ([one.ticket for one in found.tried], found.known) == (["T-8"], 8)
