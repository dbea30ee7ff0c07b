"""A limit lets N requests of a key through in any 60 s, and tells the wait that helps."""

from tests.twins.clock import StillClock
from tests.unit.worker.simulator.asking import a_simulator, played
from worker.simulator.limit import Limit


def test_it_lets_so_many_through_and_then_none() -> None:
    limit = Limit()
    assert [limit.wait("k", 3, 0.0) for _ in range(5)] == [None, None, None, 60, 60]


def test_it_rolls() -> None:
    """Each that was let through makes room after a minute; one that was refused took none."""
    limit = Limit()
    assert [limit.wait("k", 2, at) for at in (0.0, 30.0, 31.0, 59.9)] == [None, None, 29, 1]
    assert [limit.wait("k", 2, at) for at in (60.0, 61.0, 90.0)] == [None, 29, None]


def test_waiting_as_told_helps() -> None:
    limit = Limit()
    now = 0.2
    for _ in range(20):
        wait = limit.wait("k", 3, now)
        now += wait or 1.7
        assert wait is None or limit.wait("k", 3, now) is None


def test_a_limit_that_was_lowered_holds_for_what_was_let_through_before() -> None:
    limit = Limit()
    for at in (0.0, 10.0, 20.0):
        limit.wait("k", 5, at)
    assert limit.wait("k", 2, 30.0) == 40
    assert limit.wait("k", 2, 70.0) is None


def test_each_key_has_its_own() -> None:
    simulator = a_simulator("limit_1", clock=StillClock())
    assert [record.fault for record in played(simulator, 2, key="sk-a")] == ["ok", "limited"]
    assert [record.fault for record in played(simulator, 2, key="sk-b")] == ["ok", "limited"]
    assert [record.status for record in simulator.log] == [200, 429, 200, 429]
