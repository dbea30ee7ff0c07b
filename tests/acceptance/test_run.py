"""`triage run`: one command, and every ticket of the inbox has a place."""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tasks.run import State
from tests.acceptance.fleet import FirstRun, Place, Said, a_line, a_place
from tests.acceptance.hosted import VERDICT, Provider, environment
from tests.acceptance.patience import until
from tests.stubs.openai_server import a_completion, openai_server
from worker.simulator.answer import answering

pytestmark = pytest.mark.timeout(150)

TICKETS, MALFORMED = 290, 10
STATES = {str(state) for state in State}
BOOKS = STATES | {"ingested", "balanced", "broker", "missing", "surplus"}
REPORT = {
    *("seconds", "tickets_per_second", "cost_usd", "model", "tiers"),
    *("seen", "new", "known", "malformed", "issue_type"),
}


@pytest.fixture(scope="module")
def report(first_run: FirstRun) -> dict[str, Any]:
    found: dict[str, Any] = first_run.said.json()
    return found


def test_it_ends_well_and_leaves_no_process(first_run: FirstRun) -> None:
    assert first_run.said.code == 0, first_run.said.err
    assert first_run.left == {}


def test_every_ticket_is_written_or_with_people(report: dict[str, Any]) -> None:
    assert report["written"] + report["in_review"] == TICKETS
    assert report["ingested"] == TICKETS + MALFORMED
    assert report["balanced"] is True
    assert sum(report[state] for state in STATES) == report["ingested"]


def test_ten_are_dead_of_ten_causes_that_can_be_read(first_run: FirstRun) -> None:
    dead = first_run.place.ask("dead", "list", "--json").json()
    assert len({row["cause"] for row in dead}) == len(dead) == MALFORMED
    assert {row["stage"] for row in dead} == {"intake"}
    assert all(re.fullmatch(r"[a-z_0-9]+", row["cause"]) for row in dead)
    assert all(len(row["why"].split()) >= 3 for row in dead)
    table = first_run.place.ask("dead", "list").out
    assert all(row["cause"] in table and row["why"][:40] in table for row in dead)


def test_no_tier_is_empty(report: dict[str, Any]) -> None:
    assert set(report["tiers"]) == {"economy", "standard", "premium"}
    assert min(report["tiers"].values()) >= 10
    assert sum(report["tiers"].values()) == TICKETS


def test_the_report_has_what_scripts_were_promised(report: dict[str, Any]) -> None:
    assert set(report) == BOOKS | REPORT
    assert (report["seen"], report["new"], report["known"], report["malformed"]) == (
        300,
        300,
        0,
        10,
    )
    assert report["model"] == "local/baseline"
    assert report["cost_usd"] == 0
    assert report["seconds"] > 0
    assert set(report["issue_type"]) == {"n", "accuracy", "coverage"}
    assert report["issue_type"]["n"] == TICKETS
    assert report["issue_type"]["coverage"] == pytest.approx(report["written"] / TICKETS)
    assert report["issue_type"]["accuracy"] >= 0.97


def test_standard_output_has_the_document_and_nothing_else(first_run: FirstRun) -> None:
    assert len(first_run.said.out.splitlines()) == 1
    assert "300 of 300 messages are new" in first_run.said.err


def test_the_events_say_the_same_as_the_rows(first_run: FirstRun) -> None:
    books = first_run.place.ask("books", "--deep", "--json").json()
    assert books["balanced"] is True
    assert set(books) == BOOKS
    assert books["broker"] is None  # what ran has been stopped


def test_the_same_again_ingests_nothing_and_says_so(
    first_run: FirstRun, report: dict[str, Any]
) -> None:
    again = first_run.place.triage("run")
    assert "nothing was ingested" in again.err
    assert "nothing was ingested: every message of it was taken in before" in again.out
    assert first_run.place.is_deserted()
    books = first_run.place.ask("books", "--json").json()
    assert {key: books[key] for key in STATES} == {key: report[key] for key in STATES}


# ── Interrupted ──────────────────────────────────────────────────────────────────────────────────

MANY, IN_FLIGHT = 120, 8
SLOW = answering(a_completion(json.dumps(VERDICT)), latency_seconds=0.25)
SETTINGS = f"[worker]\nconcurrency = {IN_FLIGHT}\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """How a run ended, and what it left."""

    said: Said
    seconds: float
    books: dict[str, Any]  # --deep
    left: dict[int, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interrupted:
    """One inbox in three runs: Ctrl-C in the middle, kill -9 in the middle, and to the end."""

    place: Place
    by_ctrl_c: End
    killed: End
    finished: End
    asked: Counter[str]  # requests to the provider, by ticket


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Interrupted]:
    provider = Provider(SLOW)
    with openai_server(stub=provider):
        folder = tmp_path_factory.mktemp("interrupted")
        place = a_place(folder, environment(provider), settings=SETTINGS)
        inbox = folder / "inbox.jsonl"
        inbox.write_text(
            "\n".join(a_line(f"M-{n:03}", f"Which rate? M-{n:03}") for n in range(MANY))
        )
        try:
            yield Interrupted(
                place=place,
                by_ctrl_c=_run(place, f"file:{inbox}", signal.SIGINT),
                killed=_run(place, f"file:{inbox}", signal.SIGKILL),
                finished=_run(place, f"file:{inbox}", None),
                asked=Counter(
                    re.findall(r"M-\d{3}", request.raw.decode())[0] for request in provider.requests
                ),
            )
        finally:
            place.clear()


def _run(place: Place, source: str, number: signal.Signals | None) -> End:
    before = place.states()[State.WRITTEN]
    running = place.start("run", source)
    if number is not None:
        until(lambda: place.states()[State.WRITTEN] >= before + 10, 60)
    began = time.monotonic()
    if number is not None:
        running.hears(number)
    said = running.ended(60)
    seconds = time.monotonic() - began
    if number is signal.SIGKILL:
        until(place.is_deserted, 5)
    books = place.ask("books", "--deep", "--json").json()
    return End(said=said, seconds=seconds, books=books, left=place.processes())


def test_ctrl_c_ends_it_within_15_seconds_and_leaves_nothing(interrupted: Interrupted) -> None:
    end = interrupted.by_ctrl_c
    assert end.seconds < 15
    assert end.left == {}
    assert end.said.code == 1
    assert "the next run goes on where this one stopped" in end.said.err


def test_ctrl_c_leaves_every_ticket_in_its_place(interrupted: Interrupted) -> None:
    books = interrupted.by_ctrl_c.books
    assert (books["ingested"], books["balanced"], books["running"]) == (MANY, True, 0)
    assert 10 <= books["written"] < MANY


def test_killed_it_takes_its_children_along(interrupted: Interrupted) -> None:
    end = interrupted.killed
    assert end.said.code == -signal.SIGKILL
    assert end.left == {}
    assert end.books["balanced"] is True
    assert interrupted.by_ctrl_c.books["written"] < end.books["written"] < MANY
    assert end.books["running"] + end.books["queued"] > 0  # and nobody is there to work on them


def test_the_next_run_goes_on_and_finishes_everything(interrupted: Interrupted) -> None:
    end = interrupted.finished
    assert end.said.code == 0, end.said.err
    assert "nothing was ingested" in end.said.err
    assert (end.books["written"], end.books["ingested"]) == (MANY, MANY)
    assert end.books["balanced"] is True
    assert end.left == {}


def test_each_ticket_was_written_once(interrupted: Interrupted) -> None:
    helpdesk = interrupted.place.shop.sandbox
    for run in interrupted.place.runs():
        shown = helpdesk.show(run.external_id)
        assert shown
        assert sorted(change.field for change in shown.history) == [
            "issue_type",
            "priority",
            "queue",
        ]


def test_only_what_was_in_flight_when_killed_was_asked_again(interrupted: Interrupted) -> None:
    twice = [ticket for ticket, times in interrupted.asked.items() if times > 1]
    assert len(interrupted.asked) == MANY
    assert len(twice) <= IN_FLIGHT
    assert max(interrupted.asked.values()) <= 2
