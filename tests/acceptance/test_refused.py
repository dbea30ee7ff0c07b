"""What cannot run says so and ends; it does not wait for a worker that never comes."""

import socket
from pathlib import Path

import pytest
from redis import Redis

from tests.acceptance.fleet import Place, a_line, a_place, an_inbox, lend
from tests.acceptance.patience import until
from worker.broker import server
from worker.home import FleetLock, Home

pytestmark = pytest.mark.timeout(120)


def _source(folder: Path) -> str:
    return f"file:{an_inbox(folder / 'inbox.jsonl', [a_line('T-1', 'My card has not arrived')])}"


def test_the_first_run_in_a_home_of_any_name_ends_well(tmp_path: Path, taught: Path) -> None:
    """Redis listens elsewhere then, and all the others know."""
    odd = tmp_path / "with spaces and ümlauts"
    odd.mkdir()
    place = a_place(odd)
    lend(taught, place)
    try:
        assert place.triage("run", _source(tmp_path), "--json").json()["balanced"]
    finally:
        place.clear()


def test_a_worker_that_cannot_start_ends_and_the_run_with_it(tmp_path: Path, taught: Path) -> None:
    """Celery would go on with a worker that is none, and fail every ticket."""
    place = a_place(tmp_path, {"SENTRY_DSN": "garbage"})
    lend(taught, place)
    try:
        said = place.triage("run", _source(tmp_path), code=4)
        assert "BadDsn" in place.triage("up", code=4).err
    finally:
        place.clear()
    assert "worker does not start; its log ends with" in said.err
    assert "BadDsn" in said.err


def test_a_redis_that_throws_keys_away_is_refused(tmp_path: Path) -> None:
    with server.start(tmp_path / "redis") as redis:
        Redis.from_url(redis.client_url).config_set("maxmemory-policy", "allkeys-lru")
        place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url})
        said = place.triage("run", _source(tmp_path), code=4)
    assert "maxmemory-policy is allkeys-lru" in said.err


def test_a_broker_that_does_not_answer_is_refused(tmp_path: Path) -> None:
    place = a_place(tmp_path, {"TRIAGE_BROKER_URL": "redis://127.0.0.1:1/0"})
    assert "TRIAGE_BROKER_URL" in place.triage("run", _source(tmp_path), code=4).err


def test_a_run_that_had_joined_a_fleet_ends_with_it(tmp_path: Path, place: Place) -> None:
    home = Home(place.home).prepare()
    with FleetLock(home):
        joined = place.start("run", _source(tmp_path))
        until(lambda: joined.says("joining it"))
        until(lambda: place.states().total() == 1)
    said = joined.ended(20)
    assert said.code == 1
    assert "has ended: run again" in said.err


def test_a_port_that_is_taken_is_refused_before_anything_is_taken_in(
    tmp_path: Path, place: Place
) -> None:
    port = int(place.shop.config.settings.pages.port)
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        said = place.triage("run", _source(tmp_path), code=4)
    assert f"127.0.0.1:{port}" in said.err
    assert "[pages] in settings.toml" in said.err
    assert place.states().total() == 0
