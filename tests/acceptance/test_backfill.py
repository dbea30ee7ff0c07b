"""Closed tickets of a real helpdesk are triaged in shadow, and compared with what people did."""

from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from config.mode import Mode
from tasks.run import Outcome, Run, State
from tests.acceptance.fleet import Place, a_place, lend
from tests.house.shapes import as_promised
from tests.servers.rt import Rt

LOST = "My new card has not arrived yet, it has been two weeks"
ABROAD = "Which currencies can I exchange in the app?"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def place(tmp_path: Path, taught: Path, rt: Rt) -> Iterator[Place]:
    """A home that has never seen this Request Tracker, with an embedded broker."""
    named = {"": "rt", "_URL": rt.url, "_TOKEN": rt.token}
    made = a_place(tmp_path, {f"TRIAGE_HELPDESK{name}": value for name, value in named.items()})
    lend(taught, made)
    yield made
    made.clear()


def closed(rt: Rt, text: str, *, queue: str, priority: str | None = None) -> str:
    """A ticket that Ada has moved, and closed."""
    message = EmailMessage()
    message["From"], message["To"] = "basic@example.com", "help@example.org"
    message["Subject"] = "A question"
    message.set_content(text)
    ticket = rt.mail(message.as_bytes())
    body = {"Queue": queue, "Status": "resolved"} | ({"Priority": priority} if priority else {})
    assert rt.ada.put(f"/ticket/{ticket}", json=body).is_success
    return ticket


def test_what_people_have_closed_is_compared_and_nothing_is_written(place: Place, rt: Rt) -> None:
    since = rt.now()  # the tests' RT holds many others by then
    same = [closed(rt, f"{LOST}, and {n} days", queue="cards", priority="40") for n in range(3)]
    other = closed(rt, LOST, queue="accounts")
    exchange = closed(rt, ABROAD, queue="payments")
    mine = {*same, other, exchange}
    before = {ticket: rt.changed(ticket) for ticket in mine}

    plan = place.ask("backfill", "--since", since, "--shadow", "--json").json()
    assert as_promised(plan, "triage backfill --json")
    assert plan["would"] >= len(mine)
    assert place.runs() == []
    place.triage("backfill", "--since", since, "--shadow", "--yes", "--json", seconds=120)
    runs: dict[str, Run] = {run.external_id: run for run in place.runs()}
    assert set(runs) >= mine
    assert {run.mode for run in runs.values()} == {Mode.SHADOW}
    assert {runs[ticket].outcome for ticket in mine} == {Outcome.SHADOW}
    assert {ticket: rt.changed(ticket) for ticket in mine} == before
    assert all(not place.shop.ledger.writes(run.id) for run in runs.values())

    # Who has only asked for past tickets has begun nothing else.
    assert place.shop.ledger.cursor(f"rt:{rt.url}") is None

    # By these five: three queues of four for cards, and every priority that a person had set.
    found = place.ask("backfill", "--report", "--json").json()
    assert as_promised(found, "triage backfill --report --json")
    assert {"field": "queue", "ours": "cards", "theirs": "accounts", "count": 1} in [
        {**one, "count": min(one["count"], 1)} for one in found["confusions"]
    ]
    fields = {one["field"]: one for one in found["fields"]}
    assert fields["priority"]["n"] >= 3
    assert fields["queue"]["n"] >= 5
    assert 0 < fields["queue"]["low"] < fields["queue"]["agreed"] < fields["queue"]["high"] < 1
    assert "beside what people had decided" in place.ask("backfill", "--report").out

    # Once more there is nothing to do, and its customer's next message is triaged as any other.
    place.triage("backfill", "--since", since, "--yes", seconds=120)
    assert len(place.runs()) == len(runs)
    assert place.states()[State.WAITING] == 0
