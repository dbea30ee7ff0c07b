"""What a bad version wrote is taken back, and nothing that a person has chosen since."""

import json
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from config.tiers import TIERS
from tasks.ports.helpdesk import FIELDS
from tasks.run import Outcome, State
from tasks.ticket import ExternalId
from tests.acceptance.fleet import AT_ONCE, ROOT, Place, a_place, lend
from tests.acceptance.patience import until
from worker.cli.exit_codes import ExitCode
from worker.crew import hire

pytestmark = pytest.mark.timeout(180)

TICKETS = 380
"""They make more than a thousand writes."""

EDITS = 60
KILLED_AFTER = (150, 500)
"""Writes of the recall, when it is killed."""

OTHERS = 20
"""Tickets that another version of the prompt wrote."""


@pytest.fixture
def place(tmp_path: Path, taught: Path) -> Iterator[Place]:
    place = a_place(tmp_path, policy=AT_ONCE)
    lend(taught, place)
    yield place
    place.clear()


def lines(first: int, count: int) -> list[str]:
    """Real texts under names of our own."""
    sample = (ROOT / "fixtures/inbox/bank.jsonl").read_bytes().splitlines()
    read = [json.loads(line) for line in sample if _is_good(line)]
    return [
        json.dumps(read[number % len(read)] | {"id": f"T-{number}"})
        for number in range(first, first + count)
    ]


def _is_good(line: bytes) -> bool:
    try:
        found = json.loads(line)
    except ValueError:
        return False
    return isinstance(found, dict) and bool(found.get("body")) and "requester" in found


def triaged(place: Place, tickets: list[str]) -> str:
    """These tickets, by a worker in this process; and which version of the prompt it was."""
    before = {run.id for run in place.runs()}
    place.take_in(*tickets)
    fleet = hire(place.shop, frozenset(TIERS))
    fleet.start()
    with ThreadPoolExecutor(16) as pool:
        queued = place.runs(states=(State.QUEUED,))
        list(pool.map(lambda run: fleet.carry(run.id, run.send_n), queued))
    fleet.stop()
    [version] = {run.prompt for run in place.runs() if run.prompt and run.id not in before}
    return version


def with_another_prompt(place: Place) -> Place:
    """The same home, with a prompt of its own; what is open of it is opened again."""
    config = Path(place.environment["TRIAGE_CONFIG"])
    (config / "prompts").mkdir()
    shipped = (ROOT / "config/prompts/classify.md").read_text()
    (config / "prompts" / "classify.md").write_text(f"{shipped}\nTake your time.\n")
    place.shop.close()
    del vars(place)["shop"]
    return place


def asked(place: Place, sql: str) -> list[tuple[object, ...]]:
    """Of the helpdesk's own file."""
    with closing(sqlite3.connect(place.home / "helpdesk.db", timeout=10)) as connection:
        return connection.execute(sql).fetchall()


def recalled(place: Place) -> int:
    """How much has been restored by now."""
    [(changes,)] = asked(place, "SELECT count(*) FROM history WHERE key LIKE 'rc-%'")
    [(notes,)] = asked(place, "SELECT count(*) FROM notes WHERE key LIKE 'rc-%'")
    assert isinstance(changes, int)
    assert isinstance(notes, int)
    return changes + notes


def fields(place: Place) -> dict[str, dict[str, object]]:
    rows = asked(place, f"SELECT external_id, {', '.join(FIELDS)} FROM tickets")  # noqa: S608
    return {str(name): dict(zip(FIELDS, row, strict=True)) for name, *row in rows}


def edited(place: Place) -> dict[tuple[str, str], str]:
    """What people have chosen since: mostly something else, now and then the very same."""
    desk = place.shop.sandbox
    chosen: dict[tuple[str, str], str] = {}
    written = [run for run in place.runs(states=(State.WRITTEN,)) if run.issue_type]
    for number, run in enumerate(written[:EDITS]):
        field = ("queue", "priority", "issue_type")[number % 3]
        held = str(fields(place)[run.external_id][field])
        assert desk.edit(run.external_id, field, "mine", "ada")
        chosen[run.external_id, field] = held if number % 5 == 0 else "mine"
        if number % 5 == 0:
            assert desk.edit(run.external_id, field, held, "ada")
    return chosen


def brought(tickets: list[str]) -> dict[str, dict[str, object]]:
    """What their fields held when they came in."""
    read = [json.loads(ticket) for ticket in tickets]
    return {one["id"]: {name: one.get("fields", {}).get(name) for name in FIELDS} for one in read}


def killed(place: Place, *words: str, after: int) -> None:
    """The command, dead when so much has been restored."""
    running = place.start(*words)
    until(lambda: recalled(place) >= after, 60)
    running.process.kill()
    running.process.wait()


def keys_there_twice(place: Place) -> list[tuple[object, ...]]:
    both = "SELECT key FROM history WHERE key IS NOT NULL UNION ALL SELECT key FROM notes"
    return asked(place, f"SELECT key FROM ({both}) GROUP BY key HAVING count(*) > 1")  # noqa: S608


def test_a_thousand_writes_are_taken_back_by_a_command_that_is_killed_twice(place: Place) -> None:
    """Every untouched field is as before, no person's edit is changed; the next writes nothing."""
    many, few = lines(0, TICKETS), lines(TICKETS, OTHERS)
    bad = triaged(place, many)
    assert len(asked(place, "SELECT ticket FROM history")) >= 1_000
    assert triaged(with_another_prompt(place), few) != bad
    expected = fields(place)
    expected |= {name: held for name, held in brought(many).items() if name in expected}
    for run in place.runs(states=(State.IN_REVIEW,)):
        expected[run.external_id]["queue"] = "triage"  # where people find it
    for (ticket, field), value in edited(place).items():
        expected[ticket][field] = value
    plan = place.ask("recall", "--prompt", bad, "--dry-run", "--json").json()
    assert plan["planned"] > 1_000 - EDITS
    assert plan["skipped"] >= EDITS
    assert recalled(place) == 0

    command = ("recall", "--prompt", bad, "--yes", "--why", "it was wrong")
    for enough in KILLED_AFTER:
        killed(place, *command, after=enough)
    assert recalled(place) < plan["planned"], "it was not killed on the way"
    done = place.triage(*command, "--json").json()
    assert (done["restored"], done["waiting"], done["failed"]) == (plan["planned"], {}, 0)
    assert recalled(place) == plan["planned"]
    assert fields(place) == expected
    assert keys_there_twice(place) == []

    again = place.ask(*command, "--json").json()
    assert (again["planned"], again["restored"]) == (0, 0)
    assert recalled(place) == plan["planned"]
    assert place.ask("books", "--deep", "--json").json()["balanced"]
    outcomes = {run.outcome for run in place.runs(prompt=bad, states=(State.WRITTEN,))}
    assert outcomes == {Outcome.RECALLED}


def test_a_recall_is_undone_under_its_name(place: Place) -> None:
    version = triaged(place, lines(0, 12))
    before = fields(place)
    done = place.ask("recall", "--prompt", version, "--yes", "--json").json()
    assert fields(place) != before
    [listed] = place.ask("recall", "--json").json()
    assert (listed["batch"], listed["finished"]) == (done["batch"], True)
    undone = place.ask("recall", "--batch", done["batch"], "--yes", "--json").json()
    assert undone["restored"] == done["restored"]
    assert fields(place) == before
    # The undoing is a recall like any other.
    place.ask("recall", "--batch", undone["batch"], "--yes")
    assert fields(place) == brought(lines(0, 12)), "all of them were written"


def test_what_was_written_since_a_moment_is_taken_back(place: Place) -> None:
    triaged(place, lines(0, 3))
    early = fields(place)
    time.sleep(1.1)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    triaged(place, lines(3, 3))
    place.ask("recall", "--since", moment, "--yes")
    held = fields(place)
    assert {name: held[name] for name in early} == early
    assert all(
        value is None for name in held.keys() - early.keys() for value in held[name].values()
    )


def test_a_closed_ticket_is_left_and_told(place: Place) -> None:
    version = triaged(place, lines(0, 3))
    run = place.runs(states=(State.WRITTEN,))[0]
    before = fields(place)[run.external_id]
    assert place.shop.sandbox.close_ticket(ExternalId(run.external_id))
    plan = place.ask("recall", "--model", "local/baseline", "--json").json()
    assert {one["why"] for one in plan["fields"] if one["ticket"] == run.external_id} == {
        f"{run.external_id} is closed"
    }
    done = place.ask("recall", "--prompt", version, "--yes", "--json").json()
    assert done["outcomes"]["gone"] >= 3
    assert fields(place)[run.external_id] == before


def test_a_pause_of_the_fleet_does_not_hold_a_recall(place: Place) -> None:
    version = triaged(place, lines(0, 3))
    place.ask("pause", "all", "--why", "the prompt is wrong")
    assert place.ask("recall", "--prompt", version, "--yes", "--json").json()["restored"]


def test_what_is_not_there_is_said(place: Place) -> None:
    triaged(place, lines(0, 2))
    said = place.ask("recall", "--prompt", "nonsense", "--yes", code=ExitCode.USAGE)
    assert "there are the prompts classify-" in said.err
    said = place.ask("recall", "--batch", "nonsense", "--yes", code=ExitCode.USAGE)
    assert "no recall is called 'nonsense'" in said.err
    said = place.ask("recall", "--yes", code=ExitCode.USAGE)
    assert "--prompt, --model, --since or --batch" in said.err


@pytest.mark.parametrize("mode", ["suggest", "shadow"])
def test_a_recall_is_done_whatever_the_source_may_do_by_itself(place: Place, mode: str) -> None:
    """Whoever stops the writing in alarm takes back what was written next; and is told."""
    triaged(place, lines(0, 3))
    [source] = {run.source for run in place.runs()}
    place.ask("source", "set", "helpdesk", "--mode", mode, "--yes")
    told = f"{source} is in {mode}: what a recall puts back is written there all the same"
    plan = place.ask("recall", "--since", "1h")
    assert told in plan.out
    found = place.ask("recall", "--since", "1h", "--json").json()
    assert found["careful"] == {source: mode}
    done = place.ask("recall", "--since", "1h", "--yes")
    assert told in done.err
    assert recalled(place) == found["planned"] > 0
    assert {run.outcome for run in place.runs()} == {Outcome.RECALLED}
