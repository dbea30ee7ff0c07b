"""What is queued in the ledger and nowhere on the broker: found, and nothing besides."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest
from redis import Redis

from config.settings import Reaper as Limits
from tasks.run import Run
from tests.ledgers import an_arrival, claim_all, take_in
from tests.twins.clock import NOON, StillClock
from worker.broker import server
from worker.broker.names import EPOCH
from worker.broker.queues import Broker
from worker.carrying.hints import hint_of
from worker.ledgers.sql import SqlLedger
from worker.upkeep.missing import BATCHES, LOOK_SECONDS, Missing

LIMITS = Limits(sweep_seconds=1, lease_seconds=6, queued_seconds=5, behind_seconds=10, batch=3)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.EmbeddedRedis]:
    with server.start(tmp_path_factory.mktemp("redis")) as started:
        yield started


@pytest.fixture
def client(redis: server.EmbeddedRedis) -> Iterator[Redis]:
    client = Redis.from_url(redis.client_url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def broker(redis: server.EmbeddedRedis, client: Redis) -> Iterator[Broker]:
    """Marked, and empty."""
    broker = Broker(redis.url)
    broker.set_epoch("now")
    yield broker
    broker.close()


@pytest.fixture
def clock() -> StillClock:
    return StillClock(at=NOON + 100)


@pytest.fixture
def missing(ledger: SqlLedger, broker: Broker, clock: StillClock) -> Missing:
    return Missing(ledger, broker, clock, limits=LIMITS)


def _queued(ledger: SqlLedger, count: int, at: float = NOON) -> list[Run]:
    return take_in(ledger, *(an_arrival(at=at) for _ in range(count)))


def _found(missing: Missing) -> set[str]:
    return {run.id for run in chain.from_iterable(missing.batches())}


def _ids(runs: list[Run]) -> set[str]:
    return {run.id for run in runs}


def test_after_a_broker_lost_its_memory_only_what_it_lost_is_found(
    ledger: SqlLedger, broker: Broker, client: Redis, missing: Missing
) -> None:
    lost = _queued(ledger, 4)
    client.flushall()
    there = _queued(ledger, 4, at=NOON + 50)
    broker.push([hint_of(run) for run in there])
    held = _queued(ledger, 1, at=NOON + 51)
    client.hset("unacked", "tag", _unacked(broker, client, held[0]))
    assert _found(missing) == _ids(lost)
    assert client.get(EPOCH) is not None
    assert _found(missing) == set(), "it is marked now, and nothing is overdue yet"


def test_what_was_about_to_be_pushed_when_the_loss_was_seen_is_looked_for_a_little_later(
    ledger: SqlLedger, broker: Broker, client: Redis, missing: Missing, clock: StillClock
) -> None:
    client.flushall()
    pushed, lost = _queued(ledger, 2, at=clock.now() - 1)
    assert _found(missing) == set()
    broker.push([hint_of(pushed)])
    clock.at += LIMITS.queued_seconds
    assert _found(missing) == {lost.id}


def _unacked(broker: Broker, client: Redis, run: Run) -> bytes:
    """As kombu keeps a message that a worker has taken."""
    broker.push([hint_of(run)])
    raw = client.lpop("economy")
    assert isinstance(raw, bytes)
    return b'[%s, "economy", "economy"]' % raw


def test_a_recount_of_a_long_queue_goes_on_sweep_by_sweep(
    ledger: SqlLedger, client: Redis, missing: Missing
) -> None:
    """All were sent at one moment, so that only their names tell them apart."""
    lost = _queued(ledger, LIMITS.batch * BATCHES + 4)
    client.flushall()
    first = _found(missing)
    assert len(first) == LIMITS.batch * BATCHES
    assert first | _found(missing) == _ids(lost)


def test_a_run_that_somebody_works_on_is_not_missing(
    ledger: SqlLedger, client: Redis, missing: Missing
) -> None:
    claim_all(ledger, *_queued(ledger, 1))
    client.flushall()
    assert _found(missing) == set()


@pytest.mark.parametrize("skew", [-3_600.0, 0.0, 3_600.0])
def test_what_is_queued_is_missing_when_its_queue_is_empty_for_long(
    ledger: SqlLedger, missing: Missing, clock: StillClock, skew: float
) -> None:
    """By our own clock: whoever sent it may have had a wrong one."""
    lost = _queued(ledger, 2, at=clock.now() + skew)
    assert _found(missing) == set()
    clock.at += LIMITS.queued_seconds
    assert _found(missing) == _ids(lost)


def test_what_a_dead_worker_had_taken_from_a_queue_is_missing_when_it_stays_empty(
    ledger: SqlLedger, broker: Broker, client: Redis, missing: Missing, clock: StillClock
) -> None:
    """Its message counts as unacknowledged for five minutes; nobody will ever claim by it."""
    [lost] = _queued(ledger, 1)
    client.hset("unacked", "tag", _unacked(broker, client, lost))
    assert _found(missing) == set()
    clock.at += LIMITS.queued_seconds
    assert _found(missing) == {lost.id}


def test_a_queue_that_is_not_empty_all_the_time_says_nothing(
    ledger: SqlLedger, broker: Broker, client: Redis, missing: Missing, clock: StillClock
) -> None:
    """Its last messages are being claimed at this moment."""
    taken, waiting = _queued(ledger, 2)
    client.hset("unacked", "tag", _unacked(broker, client, taken))
    assert _found(missing) == set()
    broker.push([hint_of(waiting)])
    clock.at += LIMITS.queued_seconds
    assert _found(missing) == set()
    client.delete("economy")
    assert _found(missing) == set()


def test_what_lies_on_the_broker_is_not_missing_whatever_its_stamp_says(
    ledger: SqlLedger, broker: Broker, missing: Missing, clock: StillClock
) -> None:
    """It was sent by somebody whose clock goes an hour wrong."""
    tail, slow = _queued(ledger, 1)[0], _queued(ledger, 5, at=NOON - 3_600)
    broker.push([hint_of(tail), *(hint_of(run) for run in slow)])
    for _ in range(3):
        assert _found(missing) == set()
        clock.at += LOOK_SECONDS


def test_what_was_sent_long_before_the_next_message_is_missing(
    ledger: SqlLedger, broker: Broker, missing: Missing
) -> None:
    lost, late = _queued(ledger, 1), _queued(ledger, 1, at=NOON + 5)
    tail = _queued(ledger, 1, at=NOON + LIMITS.behind_seconds + 1)
    broker.push([hint_of(run) for run in tail])
    assert _found(missing) == _ids(lost)
    assert late[0].id not in _ids(lost)


def test_a_message_that_is_out_of_date_says_nothing_about_others(
    ledger: SqlLedger, broker: Broker, missing: Missing
) -> None:
    _queued(ledger, 1)
    tail = _queued(ledger, 1, at=NOON + 50)[0]
    broker.push([replace(hint_of(tail), send_n=tail.send_n + 1)])
    assert _found(missing) == set()
