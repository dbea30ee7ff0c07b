"""A conversation may be as long as it likes: it costs little more, and nothing said in it is lost.

The provider is the simulator's model behind a real port; it counts tokens by the length of what it
is sent and says. Each message of the customer comes as it does from a helpdesk: the whole thread.
"""

import csv
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tasks.run import Run, State
from tests.acceptance.fleet import UNSETTLED, Place, a_line, a_place
from tests.acceptance.hosted import ALERTS, GUARDS, POLICY, environment
from tests.acceptance.patience import until
from tests.house.checkout import ROOT
from tests.stubs.openai_server import OpenAIServer, openai_server
from worker.broker.client import client
from worker.clock import SystemClock
from worker.compose import open_inbox, open_intake
from worker.simulator.answer import Answer
from worker.simulator.model import Model
from worker.threads import KEY

pytestmark = pytest.mark.timeout(240)

SAID = ROOT / "fixtures" / "bank" / "train.csv"
TURN = 400
"""Characters of each turn, about as many as a paragraph has."""

FACT = "By the way, my order number is QX-7781. "
MOST = 1.3


SWEEPS = "[reaper]\nsweep_seconds = 0.2\n"
LONGEST = 80
PATIENT = "[unrouted_after]\nbasic = 1e9\nplus = 1e9\nbusiness = 1e9\n"


class Hourly(SystemClock):
    """Two messages an hour: who wrote them all in a minute would be a loop of replies."""

    def __init__(self, *, back: float) -> None:
        self._back = back

    def now(self) -> float:
        return super().now() - self._back


class Reader(OpenAIServer):
    """Answers each question as the simulator's model does."""

    def __init__(self) -> None:
        super().__init__()
        self._model = Model({}, time.time)

    def next_answer(self) -> Answer:
        turn = self._model.turn(self.requests[-1])
        assert turn
        return turn.good


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A fleet that runs, and the model behind it."""

    place: Place
    reader: Reader

    def reads(self, turns: list[dict[str, str]]) -> Run:
        """The newest message of that thread, triaged."""
        first, *rest = turns
        line = a_line("L-1", first["body"], created_at=first["at"], thread=rest)
        inbox = self.place.folder / "thread.jsonl"
        with inbox.open("a") as file:
            file.write(f"{line}\n")
        hours_ago = Hourly(back=3_600.0 * (LONGEST - len(turns)))
        shop = replace(self.place.shop, clock=hours_ago)
        assert open_intake(shop).poll(open_inbox(f"file:{inbox}", shop)).ingested == 1
        until(lambda: self.place.run("L-1").state not in UNSETTLED, 30)
        return self.place.run("L-1")

    def writes(self, ticket: str) -> Run:
        """A short one of the same customer's, triaged."""
        self.place.take_in(a_line(ticket, f"My card of {ticket} is lost"))
        until(lambda: self.place.run(ticket).state not in UNSETTLED, 30)
        return self.place.run(ticket)

    def calls(self, run: Run) -> list[dict[str, Any]]:
        """What each call of a model came to."""
        said = self.place.ask("ticket", "show", run.id, "--json").out
        calls: list[dict[str, Any]] = json.loads(said)["calls"]
        return calls

    def asked(self) -> str:
        """What the model was told last."""
        return str(self.reader.requests[-1].json()["messages"][1]["content"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    reader = Reader()
    with openai_server(stub=reader):
        place = a_place(
            tmp_path,
            environment(reader),
            policy=POLICY + PATIENT,
            guards=GUARDS,
            settings=SWEEPS,
            alerts=ALERTS,
        )
        front = place.start("up")
        try:
            until(lambda: front.says("ready\n"), 60)
            yield Desk(place=place, reader=reader)
            assert front.end().code == 0
        finally:
            place.clear()


def a_thread(length: int) -> list[dict[str, str]]:
    """So many turns of one length; the tenth says something that no other one does."""
    with SAID.open(newline="") as file:
        said = iter([row["text"] for row in csv.DictReader(file)])
    began = datetime(2026, 11, 17, 10, tzinfo=UTC)
    return [
        {
            "author": "customer" if number == 1 or number % 2 == 0 else "agent",
            "body": ((FACT if number == 10 else "") + _text(said, number))[:TURN],
            "at": (began + timedelta(minutes=number)).isoformat(),
        }
        for number in range(1, length + 1)
    ]


def _text(said: Iterator[str], number: int) -> str:
    texts: list[str] = [f"Message {number}."]
    while sum(map(len, texts)) < TURN:
        texts += islice(said, 1)
    return " ".join(texts)


def test_sixty_turns_cost_little_more_than_eight_and_nothing_is_lost(desk: Desk) -> None:
    """Message by message, each with all that its triage has asked."""
    costs: dict[int, int] = {}
    for length in range(8, 61, 2):
        run = desk.reads(a_thread(length))
        assert run.state is State.WRITTEN, run
        calls = desk.calls(run)
        costs[length] = sum(call["input_tokens"] + call["output_tokens"] for call in calls)
        assert length < 12 or "QX-7781" in desk.asked()
    told = " ".join(f"{length}:{tokens}" for length, tokens in costs.items())
    assert costs[60] <= MOST * costs[8], told
    assert max(costs.values()) <= 1.4 * costs[8], told  # where all that was said is summed up first
    assert sum(costs.values()) / len(costs) <= MOST * costs[8], told
    run = desk.place.run("L-1")
    assert {call["purpose"] for call in desk.calls(run)} == {"summarise", "classify"}
    assert run.prompt == desk.place.shop.config.classify.version
    shown = desk.place.ask("ticket", "show", run.id).out
    assert re.search(r"^summary +\d+ +0$", shown, re.MULTILINE), shown


def test_whoever_is_forgotten_leaves_no_summary(desk: Desk) -> None:
    """What lies in Redis cannot be read before, and is not there afterwards."""
    redis = client(desk.place.shop.broker_url, connect=1, answer=1)
    desk.reads(a_thread(20))
    [key] = redis.keys(f"{KEY}*")
    sealed = redis.get(key)
    assert isinstance(sealed, bytes)
    assert b"customer" not in sealed
    assert 0 < redis.pttl(key) <= 30 * 86_400_000
    said = desk.place.ask("forget", "--requester", "basic@example.com", "--yes", "--json")
    assert json.loads(said.out)["summaries"] == 1
    assert redis.keys(f"{KEY}*") == []
    redis.close()


def test_a_thread_that_is_over_is_compressed_once_for_the_customers_next_tickets(
    desk: Desk,
) -> None:
    """What was said in it is told in short; who is forgotten leaves nothing of that either."""
    desk.reads(a_thread(20))
    first = desk.writes("L-2")
    assert [call["purpose"] for call in desk.calls(first)] == ["compress", "classify"]
    [before] = _told(desk)["earlier_tickets"]
    assert "QX-7781" in str(before["notes"])
    assert before["issue_type"] == desk.place.run("L-1").issue_type
    second = desk.writes("L-3")
    assert [call["purpose"] for call in desk.calls(second)] == ["classify"]
    assert before in _told(desk)["earlier_tickets"]
    said = desk.place.ask("forget", "--requester", "basic@example.com", "--yes", "--json")
    assert json.loads(said.out)["summaries"] == 2


def _told(desk: Desk) -> dict[str, Any]:
    """The document between the two lines that fence it."""
    found: dict[str, Any] = json.loads(desk.asked().partition("\n")[2].rpartition("\n")[0])
    return found
