"""A ledger that has known several helpdesks: what came of another one is left alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.ports.inbox import Message, Page
from tasks.run import Run, State
from tests.acceptance.fleet import Place, a_line, a_place
from worker.compose import open_intake

LIMIT = "[intake]\nbody_bytes = 4000\n"


class Elsewhere:
    """A real helpdesk that was configured once: it has brought one ticket, too long to be read."""

    name = "rt:https://rt.example.org"

    def start(self) -> str | None:
        return None

    def read(self, position: str | None, *, limit: int) -> Page:
        assert (position, limit) != ("1", 0)
        raw = a_line("17", "x" * 4_500).encode()
        return Page(messages=(Message(source=self.name, raw=raw),), position="1", more=False)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An embedded home with that ticket and one of its own; the limit is raised by now."""
    before = a_place(tmp_path, settings=LIMIT)
    open_intake(before.shop).poll(Elsewhere())
    before.take_in(a_line("T-1", "y" * 4_500))
    place = before.reconfigured(tmp_path / "longer", "settings", "4000", "5000")
    yield place
    place.clear()
    before.clear()


def _run(place: Place, ticket: str) -> Run:
    [found] = [run for run in place.runs() if run.external_id == ticket]
    return found


def test_a_dead_letter_of_another_helpdesk_is_not_begun_again(place: Place) -> None:
    """It would be given to a helpdesk that has never heard of its customer."""
    done = place.ask("dead", "requeue", "--all", "--yes", "--json").json()
    assert done["requeued"] == 1
    [refused] = done["refused"]
    assert refused["ticket"] == "17"
    assert refused["why"] == (
        "its ticket lives in another helpdesk than the one that is configured here"
    )
    assert (_run(place, "17").state, _run(place, "T-1").state) == (State.DEAD, State.QUEUED)
    assert "another helpdesk" in place.ask("ticket", "retry", "17", "--yes", code=2).err
    assert place.ask("helpdesk", "show", "17", code=2).out == ""


def test_it_may_be_let_go_of(place: Place) -> None:
    """That touches nothing but the ledger."""
    place.ask("dead", "drop", "17", "--why", "we have left that helpdesk", "--yes")
    assert _run(place, "17").state is State.DROPPED
