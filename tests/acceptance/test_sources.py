"""`triage source`: what is said of a source holds for its tickets, wherever they live."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.mode import Mode
from tests.acceptance.fleet import Place, a_line, a_place
from worker.carrying.gate import Gate

SUGGEST = ("source", "set", "helpdesk", "--mode", "suggest", "--yes")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A home with the helpdesk of our own."""
    made = a_place(tmp_path)
    yield made
    made.clear()


def _modes(place: Place) -> set[Mode]:
    """What every ticket may have done to it."""
    gate = Gate(place.shop.ledger, place.shop.clock)
    return {asyncio.run(gate.mode(run)) for run in place.runs()}


def test_the_helpdesk_of_our_own_is_whatever_brings_tickets_into_it(place: Place) -> None:
    """They bear the names of their inboxes, and so do the replies to them."""
    place.take_in(a_line("T-1", "Which fee?"))
    place.take_in(a_line("T-2", "Which rate?"))
    place.ask("helpdesk", "reply", "T-1", "Again!")
    place.ask("intake", "helpdesk")
    assert _modes(place) == {Mode.AUTO}
    said = place.ask(*SUGGEST, "--why", "a test", "--json").json()
    names = {run.source for run in place.runs()}
    assert {one["source"] for one in said["sources"]} == names
    assert len(names) == 2
    assert _modes(place) == {Mode.SUGGEST}
    listed = place.ask("source", "list", "--json").json()
    assert {(one["source"], one["mode"]) for one in listed} == {(n, "suggest") for n in names}
    place.ask("source", "set", "helpdesk", "--mode", "auto", "--yes")
    assert _modes(place) == {Mode.AUTO}


def test_without_yes_it_says_what_each_would_do(place: Place) -> None:
    place.take_in(a_line("T-1", "Which fee?"))
    [run] = place.runs()
    said = place.ask(*SUGGEST[:-1])
    assert f"{run.source} would do: one note says what would be written" in said.out
    assert "nothing was changed" in said.out
    assert _modes(place) == {Mode.AUTO}


def test_a_source_that_brought_nothing_is_refused_with_those_that_did(place: Place) -> None:
    """To change it would change nothing, and say that all is well."""
    assert "nothing was taken in" in place.ask(*SUGGEST, code=2).err
    place.ask("intake", "helpdesk")
    assert "nothing was taken in" in place.ask(*SUGGEST, code=2).err
    place.take_in(a_line("T-1", "Which fee?"))
    [run] = place.runs()
    said = place.ask("source", "set", "file:tyop", "--mode", "suggest", "--yes", code=2)
    assert said.err == f"triage: no source is called 'file:tyop': {run.source}\n"
    assert list(place.shop.ledger.sources()) == []
