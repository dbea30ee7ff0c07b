"""What lies on the broker is a hint and nothing else: no delay, and not a word of a ticket."""

import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from tasks.causes import Cause, ReviewReason
from tasks.run import Run, State
from tests.acceptance.fleet import a_line
from tests.acceptance.hosted import Overheard, answers, fails, refuses, says
from tests.acceptance.patience import until
from worker.broker.names import QUEUES
from worker.broker.wire import decode
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.simulator.answer import Answer

pytestmark = pytest.mark.timeout(90)

CUSTOMERS_WORDS = ("zebrafinch", "quokkabread", "narwhalsong", "ibexlane", "gnuname")
MODELS_WORDS = ("ocelotreason", "tapirdraft", "lemurtype", "civetwords", "mothrefusal")
PROVIDERS_WORD = "pumaerror"
MALFORMED_WORD = "yakmalformed"
DELAYS = ("eta", "countdown", "not_before", "timelimit_eta")

COMPLAINT = f"{PROVIDERS_WORD} quokkabread"


@dataclass(frozen=True, kw_only=True, slots=True)
class Afternoon:
    """What came of tickets with words that are found nowhere else, and troubles of every kind."""

    hosted: Overheard
    runs: dict[str, Run]


PLANS: dict[str, tuple[Answer, ...]] = {
    "W-calm": (says(reason="ocelotreason", draft="tapirdraft"),),
    "W-busy": (fails(429, COMPLAINT, retry_after="0.2"), says()),
    "W-down": (fails(500, COMPLAINT), fails(503, COMPLAINT), says()),
    "W-gone": (fails(500, COMPLAINT),),
    "W-words": (answers("civetwords quokkabread"),),
    "W-key": (answers('{"quokkabread": "civetwords"}'),),
    "W-off": (says(issue_type="lemurtype"),),
    "W-quote": (says(escalate=True, evidence=[{"criterion": "quokkabread", "quote": "x"}]),),
    "W-refused": (refuses("mothrefusal"),),
    "W-parked": (fails(401, COMPLAINT), says()),
    "W-wrong": (fails(422, COMPLAINT),),
}
ENDS = {
    "W-calm": (State.WRITTEN, None),
    "W-busy": (State.WRITTEN, None),
    "W-down": (State.WRITTEN, None),
    "W-gone": (State.DEAD, Cause.PROVIDER_DOWN),
    "W-words": (State.IN_REVIEW, ReviewReason.UNFINISHED),
    "W-key": (State.IN_REVIEW, ReviewReason.UNFINISHED),
    "W-off": (State.DEAD, Cause.OFF_LIST),
    "W-quote": (State.DEAD, Cause.UNPROVEN_ESCALATION),
    "W-refused": (State.IN_REVIEW, ReviewReason.REFUSED),
    "W-parked": (State.WRITTEN, None),
    "W-wrong": (State.DEAD, Cause.REJECTED),
    "W-malformed": (State.DEAD, Cause.IMPOSSIBLE_DATE),
}


def _line(ticket: str, body: str = "quokkabread", **more: Any) -> str:  # noqa: ANN401 - a line's own
    return a_line(
        ticket,
        f"{body} ({ticket})",
        subject="zebrafinch",
        requester={"email": "ibexlane@example.com", "name": "gnuname"},
        thread=[{"author": "customer", "body": "narwhalsong"}],
        **more,
    )


@pytest.fixture(scope="module")
def afternoon(hosted: Overheard) -> Afternoon:
    for ticket, plan in PLANS.items():
        hosted.plan(f"({ticket})", *plan)
    lines = [_line(ticket) for ticket in PLANS]
    calm = [_line(f"W-calm-{number}") for number in range(50)]
    bad = _line("W-malformed", MALFORMED_WORD, created_at="9999-12-31T23:59:59-05:00")
    hosted.place.take_in(*lines, *calm, bad)
    until(lambda: any(b"upkeep.intake" in raw for _, raw in hosted.tap.pushed()))  # beat's
    return Afternoon(hosted=hosted, runs={ticket: hosted.settled(ticket) for ticket in ENDS})


def test_each_trouble_ended_as_it_should(afternoon: Afternoon) -> None:
    assert {ticket: (r.state, r.reason) for ticket, r in afternoon.runs.items()} == ENDS


def test_no_message_on_the_broker_has_a_delay(afternoon: Afternoon) -> None:
    """Retries, parked runs, rate limits: all of it waited in the ledger, and was then sent."""
    pushed = [(queue, raw) for queue, raw in afternoon.hosted.tap.pushed() if queue in QUEUES]
    messages = [json.loads(raw) for _, raw in pushed]
    assert [m for m in messages if any(m["headers"].get(name) for name in DELAYS)] == []
    assert [raw for _, raw in pushed if b"countdown" in raw] == []
    sendings = {(hint.run, hint.send_n) for _, raw in pushed if (hint := decode(raw))}
    waited = {name: run for name, run in afternoon.runs.items() if run.send_n > 1}
    assert {"W-busy", "W-down", "W-gone", "W-parked"} <= set(waited)
    for run in waited.values():
        assert (run.id, run.send_n) in sendings, run


def test_beat_and_hints_were_both_listened_to(afternoon: Afternoon) -> None:
    tasks = {
        json.loads(raw)["headers"]["task"]
        for q, raw in afternoon.hosted.tap.pushed()
        if q in QUEUES
    }
    assert {"tasks.enrich", "tasks.classify", "upkeep.intake"} <= tasks


def _found(raw: bytes) -> list[str]:
    words = (*CUSTOMERS_WORDS, *MODELS_WORDS, PROVIDERS_WORD, MALFORMED_WORD)
    return [word for word in words if word.encode() in raw]


def _celerys_own(message: dict[str, Any]) -> bytes:
    """What Celery itself wraps up once more."""
    wrapped = message["properties"].get("body_encoding") == "base64"
    return b64decode(message["body"]) if wrapped else b""


def test_no_word_of_a_ticket_passes_the_broker(afternoon: Afternoon) -> None:
    tap = afternoon.hosted.tap
    assert _found(tap.raw()) == []
    wrapped = [_celerys_own(json.loads(raw)) for queue, raw in tap.pushed() if queue in QUEUES]
    assert any(b"helpdesk" in body for body in wrapped)  # beat's
    assert _found(b"".join(wrapped)) == []


def test_no_word_of_a_ticket_stands_in_a_log(afternoon: Afternoon) -> None:
    hosted = afternoon.hosted
    logs = [*(hosted.place.home / "logs").iterdir(), hosted.front.out, hosted.front.err]
    assert {"worker.log", "beat.log", "flower.log", "redis.log"} <= {log.name for log in logs}
    worker = (hosted.place.home / "logs" / "worker.log").read_text()
    assert afternoon.runs["W-gone"].id in worker  # it does tell what happened
    assert {log.name: found for log in logs if (found := _found(log.read_bytes()))} == {}


def test_no_word_of_a_ticket_stands_in_an_event(afternoon: Afternoon) -> None:
    with reading(afternoon.hosted.place.shop.ledger.engine) as connection:
        bodies = connection.execute(select(schema.events.c.body)).scalars().all()
    assert len(bodies) > 100
    assert _found("\n".join(bodies).encode()) == []


def test_no_word_of_a_ticket_stands_in_the_ledger_to_be_read(afternoon: Afternoon) -> None:
    """Not in any table, nor in what SQLite keeps beside them."""
    home = afternoon.hosted.place.home
    assert {f.name: _found(f.read_bytes()) for f in home.glob("ledger.db*")} == {
        "ledger.db": [],
        "ledger.db-shm": [],
        "ledger.db-wal": [],
    }


def test_whoever_has_the_key_reads_it_all(afternoon: Afternoon) -> None:
    texts = [
        json.dumps(afternoon.hosted.place.ask("ticket", "show", ticket, "--json").json()["texts"])
        for ticket in ENDS
    ]
    raw = "\n".join(texts).encode()
    assert _found(raw) == [*CUSTOMERS_WORDS, *MODELS_WORDS, MALFORMED_WORD]


def test_ticket_show_has_the_customers_words(afternoon: Afternoon) -> None:
    said = afternoon.hosted.place.triage("ticket", "show", "W-calm")
    assert set(CUSTOMERS_WORDS) <= set(_found(said.out.encode()))
