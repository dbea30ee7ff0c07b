"""A pause holds the whole fleet within seconds, and FLUSHALL does not lift it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tasks.causes import WaitReason
from tasks.run import State
from tests.acceptance.fleet import Place, a_line, a_place, lend
from tests.acceptance.patience import until
from worker.broker import seat

pytestmark = pytest.mark.timeout(120)

TEXT = "My new card has not arrived yet"
HEARD_SECONDS = 5


@pytest.fixture
def place(tmp_path: Path, taught: Path) -> Iterator[Place]:
    """A fleet at work."""
    place = a_place(tmp_path)
    lend(taught, place)
    front = place.start("up")
    until(lambda: front.says("ready\n"), 60)
    yield place
    place.clear()


def _brings(place: Place, name: str, customer: str = "basic") -> None:
    place.take_in(a_line(name, TEXT, customer=customer))


def _state(place: Place, name: str) -> tuple[State, str | None]:
    run = place.run(name)
    return run.state, run.reason


def _waits(place: Place, name: str) -> bool:
    return _state(place, name) == (State.WAITING, WaitReason.PAUSED)


def _heard(place: Place, name: str) -> bool:
    """Whether a ticket that comes now is left alone; each try brings another one."""
    number = len(place.runs())
    _brings(place, f"{name}-{number}")
    until(lambda: place.run(f"{name}-{number}").state not in (State.QUEUED, State.RUNNING), 30)
    return _waits(place, f"{name}-{number}")


def test_a_paused_tier_waits_and_the_others_go_on(place: Place) -> None:
    paused = place.ask("pause", "economy", "--why", "a test", "--json").json()["paused"]
    assert [(one["scope"], one["why"]) for one in paused] == [("economy", "a test")]
    until(lambda: _heard(place, "E"), HEARD_SECONDS)
    _brings(place, "P-1", customer="business")
    until(lambda: place.run("P-1").state is State.WRITTEN, 30)
    _flush(place)
    _brings(place, "E-late")
    until(lambda: _waits(place, "E-late"), 30)
    [held] = place.ask("status", "--json").json()["paused"]
    assert held["scope"] == "economy"
    place.ask("resume", "economy")
    until(place.is_settled, 30)
    assert place.states()[State.WRITTEN] == len(place.runs())


def _flush(place: Place) -> None:
    with Redis(unix_socket_path=str(seat.seat(place.home / "redis"))) as redis:
        redis.flushall()


def test_a_stage_is_paused_alone_and_what_was_answered_is_kept(place: Place) -> None:
    """Stop the writing while the models go on."""
    place.ask("pause", "write")
    until(lambda: _heard(place, "W"), HEARD_SECONDS)
    waiting = place.runs(states=(State.WAITING,))
    assert {run.stage for run in waiting} == {"write"}
    place.ask("pause")
    assert place.ask("resume", "write", "--json").json()["paused"][0]["scope"] == "all"
    assert "all goes on" in place.ask("resume").out
    until(place.is_settled, 30)
    assert place.states()[State.WRITTEN] == len(place.runs())


def test_what_is_no_tier_and_no_stage_is_refused(place: Place) -> None:
    assert "premuim" in place.ask("pause", "premuim", code=2).err
