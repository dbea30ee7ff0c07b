"""A Redis that may throw hints away is refused; one that forgets is only warned of."""

import pytest

from worker.broker.fitness import judge

FIT = {"redis_version": "7.0.15", "maxmemory_policy": "noeviction", "aof_enabled": 1}


def test_a_fit_redis_is_passed_without_a_word() -> None:
    assert judge(FIT, snapshots=False) == ()


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_an_evicting_redis_is_refused(policy: str) -> None:
    [finding] = judge(FIT | {"maxmemory_policy": policy}, snapshots=False)
    assert finding.refuses
    assert policy in finding.what
    assert "noeviction" in finding.remedy


def test_a_redis_that_keeps_nothing_is_warned_of() -> None:
    [finding] = judge(FIT | {"aof_enabled": 0}, snapshots=False)
    assert not finding.refuses
    assert "keeps nothing" in finding.what


def test_a_redis_that_would_not_tell_is_warned_of_with_doubt() -> None:
    [finding] = judge(FIT | {"aof_enabled": 0}, snapshots=None)
    assert "may keep nothing" in finding.what


def test_snapshots_are_persistence_enough() -> None:
    assert judge(FIT | {"aof_enabled": 0}, snapshots=True) == ()


@pytest.mark.parametrize("version", ["6.0.16", "5.0.7"])
def test_a_redis_from_which_messages_never_come_back_is_refused(version: str) -> None:
    [finding] = judge(FIT | {"redis_version": version}, snapshots=False)
    assert finding.refuses
    assert version in finding.what


@pytest.mark.parametrize("version", ["6.2.14", "7.2.4-rc1", "10.0"])
def test_a_later_redis_is_passed(version: str) -> None:
    assert judge(FIT | {"redis_version": version}, snapshots=False) == ()
