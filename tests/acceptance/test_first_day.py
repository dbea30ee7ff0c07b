"""A first day at a real Request Tracker cannot hurt: nothing is set, little is begun."""

import sys
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tasks.causes import WaitReason
from tasks.run import Outcome, State
from tests.acceptance.fleet import Place, a_line, a_place, lend
from tests.acceptance.patience import until
from tests.house.shapes import as_promised
from tests.servers.rt import Rt
from worker.broker import server
from worker.ledgers.sourcing import HEARD_SECONDS

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")
LOST = "My new card has not arrived yet, it has been two weeks"
SETTINGS = "[first_day]\nper_hour = 3\n"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def fleet(tmp_path: Path, taught: Path, rt: Rt) -> Iterator[Place]:
    """A home that has never seen this Request Tracker."""
    with server.start(tmp_path / "redis") as redis:
        variables = {
            "TRIAGE_BROKER_URL": redis.url,
            "TRIAGE_HELPDESK": "rt",
            "TRIAGE_HELPDESK_URL": rt.url,
            "TRIAGE_HELPDESK_TOKEN": rt.token,
        }
        place = a_place(tmp_path, variables, settings=SETTINGS)
        lend(taught, place)
        rt.tick()
        yield place
        place.clear()


def mailed(rt: Rt, subject: str, text: str = LOST) -> str:
    message = EmailMessage()
    message["From"], message["To"] = "basic@example.com", "help@example.org"
    message["Subject"] = subject
    message.set_content(text)
    return rt.mail(message.as_bytes())


def notes(rt: Rt, ticket: str) -> list[str]:
    found = rt.ask("GET", f"/ticket/{ticket}/history", fields="Type", per_page=100)["items"]
    texts = []
    for one in found:
        if one["Type"] == "Comment":
            path = f"/transaction/{one['id']}/attachments"
            texts += [text["Content"] for text in rt.ask("GET", path, fields="Content")["items"]]
    return texts


def shown(rt: Rt, ticket: str) -> tuple[str, str]:
    found = rt.ask("GET", f"/ticket/{ticket}", **{"fields[Queue]": "Name"})
    return found["Queue"]["Name"], found["Priority"]


def is_done(fleet: Place, count: int) -> bool:
    return fleet.states()[State.WRITTEN] == count


def is_heard(fleet: Place) -> bool:
    """Whether every worker has looked since an operator said something."""
    [said] = fleet.shop.ledger.sources()
    return fleet.shop.clock.now() - said.since > HEARD_SECONDS


def source(fleet: Place) -> Any:  # noqa: ANN401 - JSON
    [found] = fleet.ask("source", "list", "--json").json()
    return found


def test_a_first_day_suggests_and_begins_few_until_somebody_says_otherwise(
    fleet: Place, rt: Rt
) -> None:
    fleet.ask("intake")
    tickets = [mailed(rt, f"Card {number}") for number in range(5)]
    taken = fleet.ask("intake", "--json").json()
    assert (taken["ingested"], taken["capped"]) == (5, 2)
    fleet.start(*WORKER, command=CELERY)
    until(lambda: is_done(fleet, 3), 60)
    for ticket in tickets[:3]:
        assert fleet.run(ticket).outcome is Outcome.SUGGESTED
        assert rt.changes(ticket) == []
        assert shown(rt, ticket)[0] == "inbox"
        [note] = notes(rt, ticket)
        assert note.startswith("Triage Fleet suggests, and changes nothing: issue type card,")
    for ticket in tickets[3:]:
        assert notes(rt, ticket) == []

    # It is seen where somebody looks, and is no alarm.
    status = fleet.ask("status", "--json").json()
    assert status["sources"] == [{"source": f"rt:{rt.url}", "mode": "suggest", "per_hour": 3}]
    assert (status["alerts"], status["waiting"]) == ([], {"capped": 2})
    assert (source(fleet)["mode"], source(fleet)["waiting"]) == ("suggest", 2)

    # What its notes say starts nothing anew.
    assert fleet.ask("intake", "--json").json()["ingested"] == 0


def test_an_operator_lets_it_write_and_stops_it_within_seconds(fleet: Place, rt: Rt) -> None:
    """Those that have waited for their turn are written as well."""
    fleet.ask("intake")
    tickets = [mailed(rt, f"Card {number}") for number in range(5)]
    assert fleet.ask("intake", "--json").json()["ingested"] == 5
    fleet.start(*WORKER, command=CELERY)
    until(lambda: is_done(fleet, 3), 60)
    words = ("source", "set", "helpdesk", "--mode", "auto", "--per-hour", "none")
    assert fleet.ask(*words, "--json").json()["changed"] is False
    assert source(fleet)["mode"] == "suggest"
    assert fleet.ask(*words, "--why", "they were right", "--yes", "--json").json()["changed"]
    until(lambda: is_done(fleet, 5), 60)
    for ticket in tickets[3:]:
        assert fleet.run(ticket).outcome is Outcome.APPLIED
        assert shown(rt, ticket) == ("cards", "40")
        [note] = notes(rt, ticket)
        assert note.startswith("Triage Fleet decided: issue type card,")

    fleet.ask("source", "set", "helpdesk", "--mode", "suggest", "--yes")
    late = mailed(rt, "Late")
    until(lambda: is_heard(fleet), 10)
    assert fleet.ask("intake", "--json").json()["ingested"] == 1
    until(lambda: is_done(fleet, 6), 60)
    assert fleet.run(late).outcome is Outcome.SUGGESTED
    assert shown(rt, late)[0] == "inbox"


def test_what_no_machine_decides_about_stays_where_it_is_on_a_first_day(
    fleet: Place, rt: Rt
) -> None:
    """People are told, and nobody moves it."""
    fleet.ask("intake")
    ticket = mailed(rt, "Hello", "Which is the best pizza in town, and who sings tonight?")
    fleet.ask("intake")
    fleet.start(*WORKER, command=CELERY)
    until(lambda: fleet.run(ticket).state is State.IN_REVIEW, 60)
    [note] = notes(rt, ticket)
    assert note.startswith("Triage Fleet waits for a person: ")
    assert note.endswith("It stays where it is.")
    assert rt.changes(ticket) == []


def test_a_ticket_of_another_helpdesk_is_not_taken_for_one_of_this(fleet: Place, rt: Rt) -> None:
    """A home that has tried the sandbox first: tickets are numbers, and here it is another one."""
    fleet.ask("intake")
    fleet.may_write()
    ticket = mailed(rt, "Theirs")
    before = shown(rt, ticket)
    names = ("TRIAGE_HELPDESK", "TRIAGE_HELPDESK_URL", "TRIAGE_HELPDESK_TOKEN")
    theirs = {name: text for name, text in fleet.environment.items() if name not in names}
    sandbox = Place(folder=fleet.folder, environment=theirs)
    sandbox.take_in(a_line(ticket, LOST))
    fleet.start(*WORKER, command=CELERY)
    until(lambda: fleet.run(ticket).reason == WaitReason.PARKED, 60)
    assert "another helpdesk" in str(fleet.run(ticket).why)
    assert (rt.changes(ticket), notes(rt, ticket), shown(rt, ticket)) == ([], [], before)
    plan = fleet.ask("recall", "--since", "1h", "--json").json()
    assert (plan["tickets"], plan["moving"]) == (0, 0)
    # Whoever stops the writing from a shell that knows no helpdesk is told which one there is.
    said = sandbox.ask("source", "set", "helpdesk", "--mode", "suggest", "--yes", code=2)
    assert f"rt:{rt.url}" in said.err
    assert f"works with rt:{rt.url}, and this shell names no helpdesk" in said.err
    sandbox.shop.close()


def test_older_tickets_are_taken_in_when_somebody_says_so(fleet: Place, rt: Rt) -> None:
    """With what they would cost first; and never twice."""
    before = rt.now()  # the tests' RT holds many others by then
    older = [mailed(rt, f"Older {number}") for number in range(3)]
    until(lambda: rt.now() > rt.changed(older[-1]))
    since = ("intake", "--since", before)
    plan = fleet.ask(*since, "--json").json()
    assert as_promised(plan, "triage intake --since SINCE --json")
    assert plan["would"] >= len(older)
    assert plan["cost_usd"] == 0.0
    assert "the same with --yes" in fleet.ask(*since).out
    assert fleet.runs() == []
    taken = fleet.ask(*since, "--yes", "--json").json()
    assert taken["ingested"] >= len(older)
    assert {run.external_id for run in fleet.runs()} >= set(older)
    assert source(fleet)["mode"] == "suggest", "this is a first poll as well"
    again = fleet.ask(*since, "--yes", "--json").json()
    assert (again["ingested"], again["known"]) == (0, taken["ingested"])
    new = mailed(rt, "New")
    assert fleet.ask("intake", "--json").json()["ingested"] == 1, "the poll goes on as ever"
    assert fleet.run(new).revision == 1


def test_a_dry_run_says_what_would_be_written_and_keeps_nothing(fleet: Place, rt: Rt) -> None:
    fleet.ask("intake")
    card = mailed(rt, "Card")
    pizza = mailed(rt, "Hello", "Which is the best pizza in town, and who sings tonight?")
    kept = mailed(rt, "Kept")
    fleet.may_write()
    assert rt.ada.put(f"/ticket/{kept}", json={"Priority": "75"}).is_success
    said = fleet.ask("intake", "--dry-run", "--json").json()
    tried = {one["ticket"]: one for one in said["tried"]}
    known = said | {"tried": [one for one in said["tried"] if one["kept"]]}
    assert as_promised(known, "triage intake --dry-run --json")
    fields = {one["field"]: (one["holds"], one["would_hold"]) for one in tried[card]["fields"]}
    assert tried[card]["would"] == "write"
    assert fields["queue"] == ("inbox", "cards")
    assert fields["issue_type"] == (None, "card")
    assert tried[pizza]["would"] == "review"
    assert tried[kept]["kept"] == ["priority"]
    assert "a person's" in fleet.ask("intake", "--dry-run", "--limit", "5").out
    assert (fleet.runs(), rt.changes(card)) == ([], [])
    assert fleet.ask("intake", "--json").json()["ingested"] == 3, "it has kept no cursor"


def test_since_and_helpdesks_of_our_own(tmp_path: Path) -> None:
    """A file has no past that a poll would leave out."""
    place = a_place(tmp_path)
    said = place.ask("intake", "--since", "1d", code=2)
    assert "real helpdesk" in said.err
    assert place.ask("backfill", code=2).err.startswith("triage: that is for a real helpdesk")
