"""Mails to a real Request Tracker are routed in it; what we write there triggers nothing."""

import sys
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tasks.run import Outcome, State
from tests.acceptance.fleet import Place, a_place, lend
from tests.acceptance.patience import until
from tests.servers.rt import Rt
from worker.broker import server

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")

pytestmark = pytest.mark.timeout(180)

LOST = "My new card has not arrived yet, it has been two weeks"
ABROAD = "Which currencies can I exchange in the app?"


@pytest.fixture
def fleet(tmp_path: Path, taught: Path, rt: Rt) -> Iterator[Place]:
    """A home whose tickets live in Request Tracker."""
    with server.start(tmp_path / "redis") as redis:
        place = a_place(
            tmp_path,
            {
                "TRIAGE_BROKER_URL": redis.url,
                "TRIAGE_HELPDESK": "rt",
                "TRIAGE_HELPDESK_URL": rt.url,
                "TRIAGE_HELPDESK_TOKEN": rt.token,
            },
            helpdesk="[rt]\nsettle_seconds = 5.0\n",
        )
        lend(taught, place)
        place.may_write()
        rt.tick()
        yield place
        place.clear()


def mail(text: str, subject: str, sender: str = "basic@example.com", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "help@example.org", subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def shown(rt: Rt, ticket: str) -> dict[str, Any]:
    found = rt.ask("GET", f"/ticket/{ticket}", **{"fields[Queue]": "Name"})
    custom = {one["name"]: (one["values"] or [None])[0] for one in found["CustomFields"]}
    return {"queue": found["Queue"]["Name"], "priority": found["Priority"], **custom}


def poll(fleet: Place) -> int:
    """Asks RT once, which is the source where none is named; how many runs there are then."""
    fleet.ask("intake")
    return len(fleet.runs())


def test_a_mail_is_routed_where_it_came_in(fleet: Place, rt: Rt) -> None:
    before = rt.mail(mail(LOST, "Old"))
    until(lambda: rt.now() > rt.changed(before))
    assert poll(fleet) == 0, "a first poll begins now"
    card = rt.mail(mail(LOST, "Card"))
    money = rt.mail(mail(ABROAD, "Currencies", "plus@example.com"))
    away = rt.mail(mail("I am away", "Out of office", Auto_Submitted="auto-replied"))
    assert poll(fleet) == 2
    fleet.start(*WORKER, command=CELERY)
    until(fleet.is_settled, 60)
    assert fleet.states()[State.WRITTEN] == 2, fleet.runs()
    assert shown(rt, card)["queue"] == "cards"
    assert shown(rt, card)["Issue type"] == "card"
    assert shown(rt, card)["priority"] == "40"
    assert shown(rt, money)["queue"] == "payments"
    for untouched in (before, away):
        assert shown(rt, untouched)["queue"] == "inbox"

    # What the fleet has written says nothing new, nor does a person's edit, nor a machine's reply.
    assert poll(fleet) == 2
    assert rt.ada.put(f"/ticket/{card}", json={"Priority": "75"}).is_success
    rt.mail(mail("I am away", f"Re: [example.org #{card}] Card", Auto_Submitted="auto-replied"))
    assert poll(fleet) == 2

    # What the customer writes does, once; a person has set the priority meanwhile, and keeps it.
    rt.mail(mail("My card has still not been delivered.", f"Re: [example.org #{card}] Card"))
    assert [poll(fleet) for _ in range(3)] == [3, 3, 3]
    until(fleet.is_settled, 60)
    newest = fleet.run(card)
    assert (newest.revision, newest.outcome) == (2, Outcome.PARTLY)
    assert shown(rt, card)["priority"] == "75"


def test_what_was_written_is_taken_back(fleet: Place, rt: Rt) -> None:
    """But for what a person has chosen since, be it the very same; RT's own page tells."""
    poll(fleet)
    cards = [rt.mail(mail(LOST, f"Card {number}")) for number in range(3)]
    before = shown(rt, cards[0])
    assert poll(fleet) == len(cards)
    fleet.start(*WORKER, command=CELERY)
    until(fleet.is_settled, 60)
    untouched, other, same = cards
    assert shown(rt, untouched) != before
    for ticket, priorities in ((other, ["75"]), (same, ["75", "40"])):
        for priority in priorities:
            assert rt.ada.put(f"/ticket/{ticket}", json={"Priority": priority}).is_success
    plan = fleet.ask("recall", "--since", "1h", "--json").json()
    assert plan["skipped"] == 2
    done = fleet.ask("recall", "--since", "1h", "--yes", "--json").json()
    assert done["restored"] == plan["planned"] == 10
    for ticket, priority in ((untouched, before["priority"]), (other, "75"), (same, "40")):
        found = shown(rt, ticket) | {"Triage key": before["Triage key"]}
        assert found == before | {"priority": priority}
    assert fleet.ask("recall", "--since", "1h", "--yes", "--json").json()["restored"] == 0


def test_a_ticket_that_a_person_opens_for_a_customer_is_one(fleet: Place, rt: Rt) -> None:
    """With a subject alone, and by a name that is no address."""
    poll(fleet)
    for requestor in ("phone@example.com", "ada"):
        made = {"Queue": "inbox", "Subject": LOST, "Requestor": requestor}
        assert rt.ada.post("/ticket", json=made).is_success
    assert poll(fleet) == 2
    found = fleet.ask("ticket", "list", "--requester", "ada@example.org", "--json").json()
    assert len(found) == 1


def test_tickets_of_a_file_are_refused(fleet: Place) -> None:
    said = fleet.ask("intake", "file:fixtures/inbox/bank.jsonl", code=2)
    assert "`helpdesk`" in said.err
    assert fleet.runs() == []


def test_a_check_looks_at_the_helpdesk_too(fleet: Place, rt: Rt) -> None:
    rt.mail(mail(LOST, "Card"))
    found = {one["what"] for one in fleet.ask("check", "--json").json()["findings"]}
    assert {"queue cards", "time zone", "token"} <= found


def test_an_rt_that_dies_is_waited_for(fleet: Place, rt: Rt) -> None:
    """In the middle of writing. What it took effect of is done once, by its own history."""
    poll(fleet)
    tickets = [rt.mail(mail(LOST, f"Card {number}")) for number in range(6)]
    assert poll(fleet) == len(tickets)
    fleet.start(*WORKER, command=CELERY)
    until(lambda: any(rt.changes(ticket) for ticket in tickets), 60)
    rt.kill()
    until(lambda: fleet.states()[State.WAITING] > 0, 60)
    assert "rt" in fleet.ask("intake", "helpdesk", code=1).err
    rt.start()
    until(fleet.is_settled, 120)
    assert fleet.states()[State.WRITTEN] == len(tickets), fleet.runs()
    for ticket in tickets:
        changes = Counter(rt.changes(ticket))
        assert changes.pop("Triage key") >= 1, "a key without an entry is set once more"
        # One at most of two workers' changes each was stored, and the entry of it was not.
        assert changes <= Counter(("Queue", "Priority", "Issue type"))
        outcomes = {one.outcome for one in fleet.shop.ledger.writes(fleet.run(ticket).id)}
        assert outcomes == {"applied"}
        assert shown(rt, ticket)["queue"] == "cards"
        assert shown(rt, ticket)["Triage key"].startswith("tf-")


def labels(fleet: Place, ticket: str) -> dict[str, tuple[str | None, str, str]]:
    """What people say of its newest run: what was decided, what is right, and who says so."""
    found = fleet.shop.ledger.labels_of(fleet.run(ticket).id)
    return {one.field: (one.said, one.truth, one.by) for one in found}


def test_what_a_person_changes_afterwards_is_read_back_as_a_correction(
    fleet: Place, rt: Rt
) -> None:
    """Also where they close the ticket in the same step; ours never is, whatever we take back."""
    poll(fleet)
    card, closed, ours = (rt.mail(mail(LOST, name)) for name in ("Card", "Closed", "Ours"))
    assert poll(fleet) == 3
    fleet.start(*WORKER, command=CELERY)
    until(fleet.is_settled, 60)
    assert poll(fleet) == 3
    assert rt.ada.put(f"/ticket/{card}", json={"Priority": "75"}).is_success
    both = {"Queue": "fraud", "Status": "resolved"}
    assert rt.ada.put(f"/ticket/{closed}", json=both).is_success
    assert [poll(fleet) for _ in range(2)] == [3, 3]
    assert labels(fleet, card) == {"priority": ("3", "75", "ada")}
    assert labels(fleet, closed) == {"queue": ("cards", "fraud", "ada")}
    assert labels(fleet, ours) == {}

    # They think better of it; and what we take back is no word of anybody's.
    until(lambda: rt.now() > rt.changed(card))
    assert rt.ada.put(f"/ticket/{card}", json={"Priority": "40"}).is_success
    fleet.ask("recall", "--since", "1h", "--yes")
    assert poll(fleet) == 3
    assert labels(fleet, ours) == {}


def test_what_a_person_sets_beside_a_suggestion_is_read_back(fleet: Place, rt: Rt) -> None:
    """What stood there before it is none."""
    fleet.ask("source", "set", "helpdesk", "--mode", "suggest", "--yes")
    poll(fleet)
    card, before = rt.mail(mail(LOST, "Card")), rt.mail(mail(LOST, "Before"))
    assert rt.ada.put(f"/ticket/{before}", json={"Queue": "fraud"}).is_success
    until(lambda: rt.now() > rt.changed(before))
    assert poll(fleet) == 2
    fleet.start(*WORKER, command=CELERY)
    until(fleet.is_settled, 60)
    until(lambda: rt.now() > rt.changed(card))
    both = {"Queue": "payments", "Priority": "40"}
    assert rt.ada.put(f"/ticket/{card}", json=both).is_success
    word = {"Content": "I am on it", "ContentType": "text/plain"}
    assert rt.ada.post(f"/ticket/{before}/comment", json=word).is_success
    assert poll(fleet) == 2
    assert labels(fleet, card) == {
        "queue": ("cards", "payments", "ada"),
        "priority": ("3", "3", "ada"),
    }
    assert labels(fleet, before) == {}
