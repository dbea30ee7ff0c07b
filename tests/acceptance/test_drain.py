"""SIGTERM under load: what can end ends, the rest is put back, and no answer is paid for twice."""

import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.run import State
from tests.acceptance.fleet import Place, Running, Said, a_line, a_place
from tests.acceptance.hosted import (
    GUARDS,
    POLICY,
    SETTINGS,
    VERDICT,
    Provider,
    answers,
    environment,
)
from tests.acceptance.patience import until
from tests.stubs.openai_server import openai_server
from worker.broker import server

pytestmark = pytest.mark.timeout(150)

THREADS = 32
CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", str(THREADS), "--without-gossip", "--without-mingle")
TICKETS = [f"T-{number:04}" for number in range(160)]
LATENCY_SECONDS = 1.0
DRAIN_SECONDS = 10.0
BARELY = 0.2
"""A drain time in which no call can end that has only begun."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    usual = replace(answers(json.dumps(VERDICT)), latency_seconds=LATENCY_SECONDS)
    with openai_server(stub=Provider(usual)) as stub:
        assert isinstance(stub, Provider)
        yield stub


@pytest.fixture
def place(tmp_path: Path, provider: Provider, drain_seconds: float) -> Iterator[Place]:
    """160 tickets, and a worker that is to end."""
    settings = f"{SETTINGS}[worker]\ndrain_seconds = {drain_seconds}\n"
    with server.start(tmp_path / "redis") as redis:
        variables = {"TRIAGE_BROKER_URL": redis.url, **environment(provider)}
        place = a_place(tmp_path, variables, policy=POLICY, guards=GUARDS, settings=settings)
        place.take_in(*[a_line(ticket, f"Which rate is it? ({ticket})") for ticket in TICKETS])
        yield place
        place.clear()


def _ended_under_load(place: Place, provider: Provider) -> tuple[Said, float]:
    """What a worker said that was asked to end with its hands full, and how long it took."""
    worker = place.start(*WORKER, command=CELERY)
    until(lambda: _has_just_asked(place, provider), 60)
    began = time.monotonic()
    said = worker.end(signal.SIGTERM)
    return said, time.monotonic() - began


def _has_just_asked(place: Place, provider: Provider) -> bool:
    """Whether its second handful of calls has begun: as soon as the first is written."""
    written = place.states()[State.WRITTEN]
    return written >= THREADS and len(provider.requests) >= written + THREADS / 2


def _finished(place: Place) -> Running:
    worker = place.start(*WORKER, command=CELERY)
    until(place.is_settled, 60)
    return worker


@pytest.mark.parametrize("drain_seconds", [DRAIN_SECONDS])
def test_calls_that_can_end_do_and_are_not_repeated(place: Place, provider: Provider) -> None:
    said, seconds = _ended_under_load(place, provider)
    assert said.code == 0
    assert seconds < DRAIN_SECONDS
    books = place.shop.ledger.books()
    assert (books.balanced, books.states[State.RUNNING]) == (True, 0)
    assert 0 < books.states[State.WRITTEN] < len(TICKETS)
    _finished(place)
    assert Counter(run.state for run in place.runs()) == {State.WRITTEN: len(TICKETS)}
    asked = {ticket: len(provider.asked(ticket)) for ticket in TICKETS}
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("drain_seconds", [BARELY])
def test_calls_that_cannot_end_in_time_are_put_back(place: Place, provider: Provider) -> None:
    said, seconds = _ended_under_load(place, provider)
    assert said.code == 0
    assert seconds < DRAIN_SECONDS
    books = place.shop.ledger.books()
    assert (books.balanced, books.states[State.RUNNING]) == (True, 0)
    _finished(place)
    assert Counter(run.state for run in place.runs()) == {State.WRITTEN: len(TICKETS)}
    asked = Counter(len(provider.asked(ticket)) for ticket in TICKETS)
    assert set(asked) == {1, 2}
    assert asked[2] <= THREADS  # those that were under way
