"""A bug makes one event at Sentry and a dead letter; what is expected makes none."""

import json
import re
import socket
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest

from tasks.causes import Cause, WaitReason
from tasks.events import Kind
from tasks.run import Run, State
from tests.acceptance.buggy_app import CUSTOMERS_WORD
from tests.acceptance.fleet import Place, Said, a_place
from tests.acceptance.hosted import (
    GUARDS,
    POLICY,
    SETTINGS,
    Hosted,
    Provider,
    environment,
    fails,
    says,
)
from tests.acceptance.patience import until
from tests.stubs.openai_server import openai_server
from tests.stubs.sentry_server import SentryServer, sentry_server
from worker.broker import server
from worker.version import VERSION

pytestmark = pytest.mark.timeout(90)

CELERY = (sys.executable, "-m", "celery", "-A", "tests.acceptance.buggy_app")
WORKER = ("worker", "-P", "threads", "-c", "32", "--without-gossip", "--without-mingle")
BUSY = 100
"""Tickets about which the provider says 429 at first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """What came of two tickets with a bug and a hundred with a 429, and what Sentry heard."""

    place: Place
    bugs: list[Run]
    busy: list[Run]
    sentry: SentryServer
    ended: Said


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("buggy")
    provider = Provider(says())
    with (
        sentry_server() as sentry,
        openai_server(stub=provider),
        server.start(folder / "redis") as redis,
    ):
        more = {"TRIAGE_BROKER_URL": redis.url, "SENTRY_DSN": sentry.dsn}
        variables = environment(provider) | more
        place = a_place(folder, variables, policy=POLICY, guards=GUARDS, settings=SETTINGS)
        try:
            yield _lived(place, provider, sentry)
        finally:
            place.clear()


def _lived(place: Place, provider: Provider, sentry: SentryServer) -> Day:
    ledger = place.shop.ledger
    worker = place.start(*WORKER, command=CELERY)
    until(lambda: ledger.workers() or worker.process.poll() is not None, 60)
    fleet = Hosted(place=place, provider=provider)
    first = fleet.triaged(ticket="BUG-1", body=CUSTOMERS_WORD)
    busy = [fleet.take_in(fails(429, retry_after="0.1"), says()) for _ in range(BUSY)]
    settled = [fleet.settled(ticket) for ticket in busy]
    # Sentry hears in the order in which it happened: when the last is there, all are.
    last = fleet.triaged(ticket="BUG-2", body=CUSTOMERS_WORD)
    until(lambda: any(event["tags"]["run"] == last.id for event in sentry.events))
    return Day(place=place, bugs=[first, last], busy=settled, sentry=sentry, ended=worker.end())


def _failures(day: Day, run: Run) -> list[Mapping[str, object]]:
    events = day.place.shop.ledger.events(run.id)
    return [event.body for event in events if event.kind is Kind.FAILED]


def test_a_bug_is_tried_twice_and_then_a_dead_letter(day: Day) -> None:
    for run in day.bugs:
        assert (run.state, run.reason, run.stage) == (State.DEAD, Cause.BUG, "write")
        assert run.why == "unexpected KeyError"
        assert len(_failures(day, run)) == 2


def test_it_makes_one_event_which_both_attempts_name(day: Day) -> None:
    told = Counter(event["tags"]["run"] for event in day.sentry.events)
    assert told == {run.id: 1 for run in day.bugs}
    for run in day.bugs:
        [event] = [event for event in day.sentry.events if event["tags"]["run"] == run.id]
        named = {failure["sentry"] for failure in _failures(day, run)}
        assert named == {event["event_id"]}


def test_the_event_says_what_and_where(day: Day) -> None:
    event = day.sentry.events[0]
    [error] = event["exception"]["values"]
    assert error["type"] == "KeyError"
    assert error["stacktrace"]["frames"][-1]["filename"].endswith("buggy_app.py")
    assert (event["tags"]["stage"], event["release"]) == ("write", VERSION)


def test_a_hundred_handled_429s_make_none(day: Day) -> None:
    assert {run.state for run in day.busy} == {State.WRITTEN}
    events = [event for run in day.busy for event in day.place.shop.ledger.events(run.id)]
    waits = [event.body["reason"] for event in events if event.kind is Kind.WAITING]
    assert set(waits) == {WaitReason.RATE}
    assert {event["tags"]["run"] for event in day.sentry.events} == {run.id for run in day.bugs}


def test_no_word_of_a_ticket_reaches_sentry(day: Day) -> None:
    """Nor where it stands: no variable, no line of a log, no name of the machine."""
    # A machine may be called by two letters, which stand in many a random number.
    machine = re.compile(rf"(?<![A-Za-z0-9]){re.escape(socket.gethostname())}(?![A-Za-z0-9])")
    for envelope in day.sentry.raw:
        for word in (CUSTOMERS_WORD, "example.com", "BUG-1"):
            assert word.encode() not in envelope
        assert not machine.search(envelope.decode())
    frames = [
        f for e in day.sentry.events for f in e["exception"]["values"][0]["stacktrace"]["frames"]
    ]
    assert [frame for frame in frames if "vars" in frame] == []
    assert not any(event.get("breadcrumbs", {}).get("values") for event in day.sentry.events)


def test_the_traceback_is_sealed_for_whoever_mends_it(day: Day) -> None:
    page = day.place.ask("dead", "show", "BUG-1", "--json").json()
    tracebacks = [text for name, text in page["texts"].items() if name.startswith("traceback.")]
    assert len(tracebacks) == 2
    assert all(f"KeyError: '{CUSTOMERS_WORD}'" in text for text in tracebacks)
    assert all("buggy_app.py" in text for text in tracebacks)
    assert CUSTOMERS_WORD not in json.dumps(page["events"])


def test_the_log_names_the_bug_and_quotes_nothing(day: Day) -> None:
    assert day.ended.code == 0
    assert '"event": "run.bug"' in day.ended.err
    assert CUSTOMERS_WORD not in day.ended.err + day.ended.out
