"""Several processes on one file of the embedded helpdesk, people and machines at once."""

import asyncio
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest

from tasks.ports.helpdesk import Seen
from tasks.ticket import ExternalId
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import EmbeddedHelpdesk

PROCESSES = 4
TICKETS = [ExternalId(f"T-{number}") for number in range(25)]
PATIENCE = 30.0  # seconds: four processes on two cores write as fast as they can

Crowd = Callable[[Callable[[Path, int], list[str]]], list[list[str]]]


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    """Processes that share nothing but files."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=spawn) as pool:
        yield pool


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "helpdesk.db"


@pytest.fixture
def crowd(pool: ProcessPoolExecutor, path: Path) -> Crowd:
    """Has every process do the same at once; what each of them answered."""

    def together(work: Callable[[Path, int], list[str]]) -> list[list[str]]:
        jobs = [pool.submit(work, path, number) for number in range(PROCESSES)]
        return [job.result() for job in jobs]

    return together


def _helpdesk(path: Path) -> EmbeddedHelpdesk:
    return EmbeddedHelpdesk(path, StillClock(), busy_seconds=PATIENCE)


def _open(path: Path) -> EmbeddedHelpdesk:
    """The helpdesk, with every ticket in it."""
    helpdesk = _helpdesk(path)
    tickets = [a_ticket().model_copy(update={"id": name}) for name in TICKETS]
    helpdesk.deliver_many(("file:inbox.jsonl", ticket) for ticket in tickets)
    return helpdesk


def _opens_new_files(path: Path, number: int) -> list[str]:
    for name in range(20):
        helpdesk = _helpdesk(path.with_name(f"{name}.db"))
        helpdesk.edit(TICKETS[0], "queue", "payments", "ada")
        helpdesk.close()
    return [str(number)]


def _writes(path: Path, number: int) -> list[str]:
    """The same run in every process, as after a message that came twice."""
    helpdesk = _open(path)

    async def work() -> list[str]:
        held = []
        for ticket in TICKETS:
            await helpdesk.set_fields(ticket, {"queue": "payments"}, key=ticket, version="0")
            await helpdesk.post_note(ticket, f"by process {number}", key=f"{ticket}:note")
            seen = await helpdesk.look(ticket)
            assert isinstance(seen, Seen)
            held.append(str(seen.fields["queue"]))
        return held

    held = asyncio.run(work())
    helpdesk.close()
    return held


def _races(path: Path, number: int) -> list[str]:
    """Two processes are machines and write over and over; two are people and edit once each."""
    helpdesk = _open(path)
    wanted = {"queue": f"machine {number}"}

    async def insist() -> None:
        for ticket in TICKETS:
            for attempt in range(3):
                await helpdesk.set_fields(ticket, wanted, key=f"{number}.{attempt}", version="0")

    if number % 2:
        asyncio.run(insist())
    else:
        for ticket in TICKETS:
            helpdesk.edit(ticket, "queue", f"person {number}", f"person {number}")
    helpdesk.close()
    return []


def test_processes_that_open_a_new_file_at_once_all_can(crowd: Crowd) -> None:
    """Nobody finds it half made."""
    assert crowd(_opens_new_files) == [[str(number)] for number in range(PROCESSES)]


def test_a_run_carried_by_several_processes_is_written_once(crowd: Crowd, path: Path) -> None:
    """One step in the history and one note, and every process is told the same."""
    assert crowd(_writes) == [["payments"] * len(TICKETS)] * PROCESSES
    helpdesk = _open(path)
    for ticket in TICKETS:
        shown = helpdesk.show(ticket)
        assert shown is not None
        assert (len(shown.history), len(shown.notes)) == (1, 1)
    helpdesk.close()


def test_no_edit_is_lost_to_a_machine_that_writes_at_the_same_time(
    crowd: Crowd, path: Path
) -> None:
    """The last edit stands, whoever came first; and every step began where the one before ended."""
    crowd(_races)
    helpdesk = _open(path)
    for ticket in TICKETS:
        shown = helpdesk.show(ticket)
        assert shown is not None
        people = [change.after for change in shown.history if change.author != "triage-fleet"]
        assert len(people) == 2
        assert shown.fields["queue"] == people[-1]
        steps = [(None, None), *((change.before, change.after) for change in shown.history)]
        assert all(earlier[1] == later[0] for earlier, later in pairwise(steps))
    helpdesk.close()
