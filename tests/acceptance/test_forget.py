"""`triage forget`: what a requester said cannot be read any more, wherever it was."""

import pytest

from tasks.run import State
from tests.acceptance.fleet import Place, a_line, an_inbox
from tests.house.shapes import as_promised

pytestmark = pytest.mark.timeout(150)

CANARY = "Zeisig-4711-Quittung"
EMAIL = "lena.zeisig@example.com"
OTHER = "Sperling-0815"


@pytest.fixture
def remembered(manned: Place) -> Place:
    """A home in which two customers' tickets were triaged; one of them has more than one."""
    mine = {"email": EMAIL, "name": f"Lena {CANARY}"}
    lines = [
        a_line("L-1", f"My card was stolen. {CANARY}", requester=mine),
        a_line("L-2", f"Which rate do I get? {CANARY}", requester=mine),
        a_line("O-1", f"Which rate do I get? {OTHER}"),
    ]
    inbox = an_inbox(manned.folder / "inbox.jsonl", lines)
    manned.triage("run", f"file:{inbox}", "--json", seconds=120)
    inbox.unlink()  # it is the customer's own source, and none of ours
    return manned


def _files_with(place: Place, *words: str) -> list[str]:
    """Files of the home that hold any of these."""
    return [
        f"{path.relative_to(place.home)}: {word}"
        for path in sorted(place.home.rglob("*"))
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes()
    ]


def test_nothing_that_they_said_is_left_and_everybody_else_stays(remembered: Place) -> None:
    place = remembered
    sealed = place.shop.ledger.key(place.shop.vault.requester(EMAIL))
    assert sealed is not None
    assert CANARY in place.ask("ticket", "show", "L-1").out
    assert _files_with(place, CANARY, EMAIL), "the embedded helpdesk has what was said"
    would = place.ask("forget", "--requester", EMAIL, "--json").json()
    assert (would["done"], would["tickets"]) == (False, 2)
    assert CANARY in place.ask("ticket", "show", "L-1").out, "without --yes nothing happens"
    done = place.ask("forget", "--requester", f" {EMAIL.upper()} ", "--yes", "--json").json()
    assert as_promised(done, "triage forget --json")
    assert (done["done"], done["tickets"], done["in_helpdesk"]) == (True, 2, 2)
    assert done["texts"] > 4
    assert _files_with(place, CANARY, EMAIL) == []
    cipher = [p for p in place.home.rglob("ledger.db*") if sealed.cipher in p.read_bytes()]
    assert cipher == [], "the key to any copy"
    shown = place.ask("ticket", "show", "L-1").out
    assert "(forgotten)" in shown
    assert CANARY not in shown
    assert OTHER in place.ask("ticket", "show", "O-1").out
    assert place.shop.ledger.books().balanced


def test_an_address_that_nobody_has_is_told(place: Place) -> None:
    """Else a slip of the pen looks like a promise kept."""
    said = place.ask("forget", "--requester", "lena@exmaple.com", "--yes").out
    assert "no ticket of lena@exmaple.com is known" in said


def test_what_is_not_done_is_let_go_and_cannot_be_begun_again(place: Place) -> None:
    place.take_in(a_line("L-1", f"Hello {CANARY}", requester={"email": EMAIL, "name": "L"}))
    said = place.ask("forget", "--requester", EMAIL, "--yes").out
    assert "1 runs that were not done are dropped" in said
    run = place.run("L-1")
    assert (run.state, run.why) == (State.DROPPED, "its requester was forgotten")
    again = place.ask("forget", "--requester", EMAIL, "--yes", "--json").json()
    assert (again["dropped"], again["texts"]) == (0, 0)
    place.take_in(a_line("L-9", "I write once more", requester={"email": EMAIL, "name": "L"}))
    assert place.run("L-9").state is State.QUEUED, "who writes again is a customer again"
