"""`triage up`: a fleet in front, and in another terminal everything that one asks of it."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tasks.causes import DropCause, WaitReason
from tasks.run import Outcome, Run, State
from tests.acceptance.fleet import a_line, an_inbox
from tests.acceptance.hosted import MODEL, Hosted, Overheard, fails, says
from tests.acceptance.patience import until
from worker.version import VERSION

pytestmark = pytest.mark.timeout(120)

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
TIERS = ["economy", "standard", "premium"]
STATUS = {"workers", "oldest_seconds", "paused", "alerts", "waiting"}
SHOWN = {
    "run",
    "ticket",
    "state",
    "outcome",
    "tier",
    "events",
    "calls",
    "writes",
    "decisions",
    "texts",
}


def test_it_says_that_it_is_ready_and_where_its_page_is(hosted: Overheard) -> None:
    said = hosted.front.out.read_text().splitlines()
    assert said[-1] == "ready"
    assert any(re.fullmatch(r"Flower: http://127\.0\.0\.1:\d+/fleet", line) for line in said)


def test_celery_shows_every_tier(hosted: Hosted) -> None:
    asked = hosted.place.start("inspect", "active_queues", "--json", command=CELERY).ended(30)
    [queues] = asked.json().values()
    assert {queue["name"] for queue in queues} == {*TIERS, "upkeep"}


def test_status_names_the_worker(hosted: Hosted) -> None:
    status = hosted.place.triage("status", "--json").json()
    assert set(status) >= STATUS
    [worker] = status["workers"]
    assert (worker["tiers"], worker["version"]) == (TIERS, VERSION)
    assert "worker" in hosted.place.processes()[worker["pid"]]
    assert (status["paused"], status["alerts"]) == ([], [])


def test_books_balance_and_show_the_broker(hosted: Hosted) -> None:
    hosted.triaged(says())
    for words in ([], ["--deep"]):
        books = hosted.place.ask("books", *words, "--json").json()
        assert books["balanced"] is True
        assert set(books["broker"]) == {*TIERS, "upkeep", "dead_letter"}
        assert (books["missing"], books["surplus"]) == (0, 0)
    assert "balanced" in hosted.place.ask("books").out


def _listed(hosted: Hosted, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = hosted.place.ask("ticket", "list", *words, "--json").json()
    return found


def test_tickets_are_listed_by_every_filter(hosted: Hosted) -> None:
    card = says(issue_type="card", priority=2)
    ours = hosted.triaged(card, customer="business")
    hosted.triaged(says())
    everything = _listed(hosted, "--limit", "10000")
    assert ours.prompt
    for option, value, key in (
        ("--state", "written", "state"),
        ("--queue", "cards", "queue"),
        ("--tier", "premium", "tier"),
        ("--prompt", ours.prompt, "prompt"),
        ("--model", MODEL, "model"),
    ):
        found = _listed(hosted, option, value, "--limit", "10000")
        assert ours.id in {row["run"] for row in found}
        assert {row["run"] for row in found} == {r["run"] for r in everything if r[key] == value}
    by_customer = _listed(hosted, "--requester", "Business@example.com")
    assert ours.id in {row["run"] for row in by_customer}
    assert {row["tier"] for row in by_customer} == {"premium"}
    assert _listed(hosted, "--since", "2100-01-01") == []
    assert len(_listed(hosted, "--since", "1d", "--limit", "10000")) == len(everything)
    assert len(_listed(hosted, "--limit", "1")) == 1
    assert "is no state" in hosted.place.ask("ticket", "list", "--state", "lost", code=2).err


def test_a_tickets_page_says_what_was_done_and_why(hosted: Hosted) -> None:
    run = hosted.triaged(says(), body="Which exchange rate did you take?")
    page = hosted.place.ask("ticket", "show", run.external_id, "--json").json()
    assert set(page) >= SHOWN
    assert (page["state"], page["outcome"], page["tier"]) == ("written", "applied", "economy")
    assert [(e["kind"], set(e)) for e in page["events"]] == [
        (kind, {"kind", "at", "body"}) for kind in hosted.kinds(run)
    ]
    targets = [write["target"] for write in page["writes"]]
    assert targets == ["issue_type", "note:route", "priority", "queue"]
    assert {choice["field"] for choice in page["decisions"]} == {"issue_type", "priority", "queue"}
    assert all({"field", "chosen", "runner_up", "rule"} <= set(c) for c in page["decisions"])
    assert [call["model"] for call in page["calls"]] == [MODEL]
    assert "Which exchange rate did you take?" in page["texts"]["ticket"]
    assert hosted.place.ask("ticket", "show", run.id, "--json").json() == page
    assert "no ticket and no run" in hosted.place.ask("ticket", "show", "nobody", code=2).err


def test_the_same_words_of_a_dearer_customer_go_to_a_dearer_tier(hosted: Hosted) -> None:
    tiers = {c: hosted.triaged(customer=c).tier for c in ("basic", "plus", "business")}
    assert tiers == {"basic": "economy", "plus": "standard", "business": "premium"}


def test_a_persons_edit_before_the_write_wins(hosted: Hosted) -> None:
    ticket = hosted.take_in(fails(429, retry_after="0.2"))
    until(lambda: hosted.place.run(ticket).reason == WaitReason.RATE)
    hosted.place.ask("helpdesk", "edit", ticket, "queue", "vip", "--as", "Grace", "--force")
    hosted.plan(ticket, says())
    run = hosted.settled(ticket)
    assert (run.state, run.outcome) == (State.WRITTEN, Outcome.PARTLY)
    page = hosted.place.ask("helpdesk", "show", ticket, "--json").json()
    assert page["fields"] == {
        "issue_type": "exchange",
        "priority": "4",
        "queue": "vip",
        "escalated": None,
    }
    steps = [(step["author"], step["field"], step["from"], step["to"]) for step in page["history"]]
    assert steps[0] == ("Grace", "queue", None, "vip")
    assert {step[:2] for step in steps[1:]} == {
        ("triage-fleet", "issue_type"),
        ("triage-fleet", "priority"),
    }


def _revisions(hosted: Hosted, ticket: str) -> list[Run]:
    return sorted(hosted.place.shop.ledger.named(ticket), key=lambda run: run.revision)


def test_a_reply_is_a_second_revision_and_triaged_once(hosted: Hosted) -> None:
    first = hosted.triaged(says())
    ticket = first.external_id
    hosted.plan(ticket, says(issue_type="card", priority=3))
    hosted.place.triage("helpdesk", "reply", ticket, "My card has not come either.")
    until(lambda: len(_revisions(hosted, ticket)) == 2)  # beat polls
    second = hosted.settled(ticket)
    assert (second.revision, second.state, second.issue_type) == (2, State.WRITTEN, "card")
    assert hosted.shown(ticket).fields["queue"] == "cards"
    polled = hosted.place.ask("intake", "helpdesk", "--json").json()
    assert polled["ingested"] == 0
    assert [run.id for run in _revisions(hosted, ticket)] == [first.id, second.id]
    assert len(hosted.asked(second)) == 2  # one for each revision
    assert "My card has not come either." in hosted.asked(second)[1].raw.decode()


def test_a_reply_takes_over_from_what_was_not_written_yet(hosted: Hosted) -> None:
    # As long as nobody asks that upstream: the reply must come before, and be answered after it.
    ticket = hosted.take_in(fails(429, retry_after="10"))
    until(lambda: hosted.place.run(ticket).reason == WaitReason.RATE)
    hosted.plan(ticket, says())
    hosted.place.ask("helpdesk", "reply", ticket, "It is about a fee.")
    until(lambda: len(_revisions(hosted, ticket)) == 2)
    hosted.settled(ticket)
    older, newer = _revisions(hosted, ticket)
    assert (older.state, older.reason) == (State.DROPPED, DropCause.SUPERSEDED)
    assert newer.state is State.WRITTEN


LIMITS = "[unrouted_after]\nbasic = 0.01\nplus = 0.01\nbusiness = 0.01\n"


def test_status_exits_3_when_something_is_overdue(hosted: Hosted, tmp_path: Path) -> None:
    ticket = hosted.take_in(fails(429, retry_after="1"))
    until(lambda: hosted.place.run(ticket).reason == WaitReason.RATE)
    assert hosted.place.ask("status", "--json").json()["alerts"] == []
    strict = hosted.place.reconfigured(tmp_path / "strict", "policy", "[retry]", f"{LIMITS}[retry]")
    [alert] = strict.ask("status", "--json", code=3).json()["alerts"]
    assert (alert["kind"], alert["name"]) == ("unrouted", "unrouted:basic")
    assert re.match(r"the oldest basic ticket waits \d+ s, the limit is 0 s", alert["text"])
    assert alert["runbook"] == "docs/runbook.md#unrouted"
    assert "docs/runbook.md#unrouted" in strict.ask("status", code=3).out
    hosted.plan(ticket, says())
    hosted.settled(ticket)
    assert strict.ask("status", "--json").json()["alerts"] == []


def test_a_run_joins_the_fleet_that_is_there(hosted: Overheard) -> None:
    inbox = an_inbox(hosted.place.folder / "joined", [a_line("J-1", "Which rate?")])
    said = hosted.place.triage("run", f"file:{inbox}", "--json")
    assert "joining it" in said.err
    assert said.json()["broker"]["economy"] == 0
    assert hosted.place.run("J-1").state is State.WRITTEN
    assert hosted.front.process.poll() is None


def test_a_second_fleet_on_the_same_home_is_refused(hosted: Overheard) -> None:
    said = hosted.place.triage("up", code=4)
    assert f"process {hosted.front.process.pid}" in said.err
    assert "set TRIAGE_HOME to another directory" in said.err
