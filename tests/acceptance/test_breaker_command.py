"""`triage breaker` and `triage status`, beside a process that has breakers and without any."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.guards import Breaker
from tasks.errors import BreakerOpen
from tasks.ports.guards import Ended
from tests.acceptance.breaker_caller import open_doors
from tests.acceptance.fleet import Place, a_place
from tests.acceptance.patience import until
from worker.broker import server
from worker.cli.exit_codes import ExitCode
from worker.guards.breakers import Breakers
from worker.guards.redis_shared import connect

HEARD_SECONDS = 2.0

FACTS = "facts:files"
"""The breaker of the source that we ship."""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[server.EmbeddedRedis]:
    with server.start(tmp_path / "redis") as started:
        yield started


@pytest.fixture
def shared(redis: server.EmbeddedRedis, tmp_path: Path) -> Iterator[Place]:
    """A home whose broker is there although no fleet runs."""
    place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url})
    place.ask("books")
    yield place
    place.clear()


@pytest.fixture
def breakers(redis: server.EmbeddedRedis, shared: Place) -> Iterator[Breakers]:
    """Those of a worker of that fleet."""
    made = open_doors(redis.url, shared.shop.ledger, Breaker()).breakers
    made.start()
    yield made
    made.stop()


def _fail(breakers: Breakers, name: str) -> None:
    async def fail() -> None:
        for n in range(10):
            breakers.report(await breakers.admit(name), Ended.SUCCESS if n < 2 else Ended.FAILURE)

    asyncio.run(fail())
    assert breakers.sync()


def _goes(breakers: Breakers, name: str) -> bool:
    try:
        asyncio.run(breakers.admit(name))
    except BreakerOpen:
        return False
    return True


def _listed(place: Place, name: str) -> dict[str, Any]:
    found = {one["breaker"]: one for one in place.ask("breaker", "list", "--json").json()}
    row: dict[str, Any] = found[name]
    return row


def test_what_is_configured_is_listed_although_no_worker_runs(place: Place) -> None:
    """But no model that runs in the worker itself: it passes no guard, so nobody can trip it."""
    found = place.ask("breaker", "list", "--json").json()
    named = {one["breaker"] for one in found}
    assert named == {"helpdesk:embedded", FACTS}
    assert {one["state"] for one in found} == {"closed"}


def test_a_trip_needs_its_yes_and_is_lifted_by_a_reset(place: Place) -> None:
    """With no worker and no broker: both lie in the ledger."""
    said = place.ask("breaker", "trip", FACTS, "--why", "upgrade").out
    assert "nothing was changed" in said
    assert _listed(place, FACTS)["state"] == "closed"
    place.ask("breaker", "trip", FACTS, "--why", "upgrade", "--yes")
    row = _listed(place, FACTS)
    assert (row["state"], row["why"], row["probe_in"]) == ("tripped", "upgrade", None)
    assert row["by"]
    assert "is tripped already" in place.ask("breaker", "trip", FACTS, "--why", "x", "--yes").out
    [held] = place.ask("status", "--json").json()["breakers"]
    assert (held["breaker"], held["state"], held["why"]) == (FACTS, "tripped", "upgrade")
    assert f"breaker: {FACTS} is tripped since" in place.ask("status").out
    place.ask("breaker", "reset", FACTS, "--why", "upgraded", "--yes")
    assert _listed(place, FACTS)["state"] == "closed"
    assert "is closed already" in place.ask("breaker", "reset", FACTS, "--why", "x", "--yes").out
    kinds = [(one.kind, one.subject) for one in place.shop.ledger.notices()]
    assert kinds == [("breaker.tripped", FACTS), ("breaker.reset", FACTS)]


def test_a_name_that_no_breaker_has_is_refused(place: Place) -> None:
    """A trip of a name that was mistyped would hold nothing, in silence."""
    said = place.ask("breaker", "trip", "fcats", "--why", "x", "--yes", code=ExitCode.USAGE)
    assert "fcats" in said.err
    assert FACTS in said.err


def test_a_trip_is_heard_and_a_redis_that_is_emptied_does_not_lift_it(
    shared: Place, breakers: Breakers, redis: server.EmbeddedRedis
) -> None:
    assert _goes(breakers, FACTS)
    shared.ask("breaker", "trip", FACTS, "--why", "upgrade", "--yes")
    until(lambda: not _goes(breakers, FACTS), HEARD_SECONDS)
    client = connect(redis.url)
    client.flushall()
    client.close()
    assert breakers.sync()
    assert not _goes(breakers, FACTS)
    shared.ask("breaker", "reset", FACTS, "--why", "upgraded", "--yes")
    until(lambda: breakers.standing(FACTS).state == "ramp", HEARD_SECONDS)


def test_what_opened_by_itself_is_seen_from_outside_and_closed(
    shared: Place, breakers: Breakers
) -> None:
    _fail(breakers, FACTS)
    row = _listed(shared, FACTS)
    assert (row["state"], row["failing"], row["calls"]) == ("open", 0.8, 10)
    assert 0 <= row["probe_in"] <= 5
    assert "80 %" in shared.ask("breaker", "list").out
    [held] = shared.ask("status", "--json").json()["breakers"]
    assert held["breaker"] == FACTS
    assert "closed" in shared.ask("breaker", "reset", FACTS, "--why", "mended", "--yes").out
    until(lambda: breakers.standing(FACTS).state == "ramp", 1)
    assert _listed(shared, FACTS)["state"] == "ramp"


def test_with_a_broker_that_does_not_answer_only_trips_are_known(
    shared: Place, redis: server.EmbeddedRedis
) -> None:
    """What it may be is not called closed; and a reset that is half of one says so."""
    shared.ask("breaker", "trip", FACTS, "--why", "upgrade", "--yes")
    redis.stop()
    said = shared.ask("breaker", "list", "--json")
    states = {one["breaker"]: one["state"] for one in said.json()}
    assert (states[FACTS], states["helpdesk:embedded"]) == ("tripped", "unknown")
    assert "does not answer" in said.err
    half = shared.ask("breaker", "reset", FACTS, "--why", "x", "--yes", code=ExitCode.FAILED)
    assert "only a trip was lifted" in half.err
    assert shared.shop.ledger.trips() == []
