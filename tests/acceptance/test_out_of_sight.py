"""People move one ticket to where the fleet's user may not see it, while it is worked on."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from tasks.run import State
from tests.acceptance.fleet import Place, a_place, lend
from tests.acceptance.patience import until
from tests.servers.roundup import TOKEN, Tracker
from tests.soak.proxy import Proxy, serving
from worker.broker import server

pytestmark = pytest.mark.timeout(180)

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "16", "--without-gossip", "--without-mingle")
POLICY = "[retry]\npark_seconds = 0.5\n"
LOST = "My new card has not arrived yet, it has been two weeks"
KEY = "credential:TRIAGE_HELPDESK_TOKEN"


@dataclass(kw_only=True)
class Curtain(Proxy):
    """Answers 403 to whatever is about one issue."""

    hides: str | None = None

    def draw(self, method: str, path: str) -> str:
        """What becomes of a request."""
        del method
        return "hidden" if self.hides and f"/issue/{self.hides}" in path else "fair"


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A fleet, its Roundup, and what stands between them."""

    place: Place
    roundup: Tracker
    curtain: Curtain

    def opened(self) -> str:
        """A customer writes, and it is taken in; the issue's number."""
        issue = self.roundup.opened("Card", LOST)
        before = len(self.place.runs())
        self.place.ask("intake", "helpdesk")
        assert len(self.place.runs()) == before + 1
        return issue

    def is_written(self, issue: str) -> bool:
        """Whether the fleet is done with it."""
        return self.place.run(issue).state is State.WRITTEN


@pytest.fixture
def desk(tmp_path: Path, taught: Path, roundup: Tracker) -> Iterator[Desk]:
    curtain = Curtain(upstream=roundup.url, chance=Random(1))
    with server.start(tmp_path / "redis") as redis, serving(curtain):
        named = {"": "roundup", "_URL": curtain.url, "_TOKEN": TOKEN}
        variables = {f"TRIAGE_HELPDESK{name}": value for name, value in named.items()}
        place = a_place(tmp_path, {**variables, "TRIAGE_BROKER_URL": redis.url}, policy=POLICY)
        lend(taught, place)
        place.may_write()
        roundup.tick()
        place.ask("intake", "helpdesk")
        yield Desk(place=place, roundup=roundup, curtain=curtain)
        place.clear()


def test_one_ticket_that_may_not_be_seen_waits_and_stops_no_other(desk: Desk) -> None:
    """Its 403 is none of the key's: else all would stand still for 20 s, again and again."""
    hidden, fine = desk.opened(), desk.opened()
    desk.curtain.hides = hidden
    desk.place.start(*WORKER, command=CELERY)
    until(lambda: desk.is_written(fine), 60)
    until(lambda: desk.curtain.played["hidden"] >= 3)
    later = desk.opened()
    until(lambda: desk.is_written(later))
    waits = desk.place.run(hidden)
    assert waits.state in {State.WAITING, State.QUEUED, State.RUNNING}
    assert waits.attempts == 0
    keys = desk.place.ask("breaker", "list", "--json").json()
    assert {one["state"] for one in keys if one["breaker"] == KEY} <= {"closed"}
    until(lambda: "its key works" in (desk.place.run(hidden).why or ""))

    desk.curtain.hides = None
    until(lambda: desk.is_written(hidden))
