"""Our own view of the broker: hints put there, counted, read back and replaced."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from tasks.run import RunId
from worker.broker import server
from worker.broker.errors import BrokerDown
from worker.broker.names import QUEUES, QueueName
from worker.broker.queues import CHUNK, SAMPLE, Broker
from worker.broker.wire import Hint, encode

NONE_WAIT = dict.fromkeys(QUEUES, 0)


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
    """A broker that holds nothing. No test may leave a key of ours behind that never goes."""
    broker = Broker(redis.url)
    yield broker
    assert not list(client.scan_iter("triage:draft:*"))
    broker.close()


def _hints(queue: QueueName, count: int) -> list[Hint]:
    return [
        Hint(task="tasks.enrich", run=RunId(f"{number:032x}"), send_n=1, queue=queue)
        for number in range(count)
    ]


def test_what_goes_ahead_is_consumed_first_and_in_its_own_order(broker: Broker) -> None:
    *urgent, _ = _hints("economy", 2_500)
    waiting = _hints("economy", 2_503)[2_500:]
    broker.push(waiting)
    broker.push(urgent, ahead=True)
    assert broker.tail("economy") == urgent[0]
    assert [*broker.hints("economy")] == [*reversed(waiting), *reversed(urgent)]


def test_hints_are_counted_where_they_wait(broker: Broker) -> None:
    broker.push([*_hints("economy", 3), *_hints("premium", 2)])
    assert broker.depths() == NONE_WAIT | {"economy": 3, "premium": 2}


def test_the_first_that_was_pushed_is_consumed_first(broker: Broker) -> None:
    first, *_ = hints = _hints("economy", CHUNK + 1)
    broker.push(hints)
    assert broker.tail("economy") == first
    assert broker.tail("premium") is None


def test_every_hint_is_read_back(broker: Broker) -> None:
    hints = _hints("standard", 2 * CHUNK + 5)
    broker.push(hints)
    assert list(broker.hints("standard")) == hints[::-1]


def test_hints_pushed_while_reading_hide_none(broker: Broker) -> None:
    hints = _hints("standard", 2 * CHUNK)
    broker.push(hints)
    reading = broker.hints("standard")
    begun = [next(reading)]
    broker.push(_hints("standard", 10))
    assert {*begun, *reading} == {*hints}


def test_a_message_of_another_kind_is_passed_over(broker: Broker, client: Redis) -> None:
    client.lpush("upkeep", b"{}")
    broker.push(_hints("upkeep", 1))
    assert list(broker.hints("upkeep")) == _hints("upkeep", 1)
    assert broker.tail("upkeep") is None
    assert broker.depths()["upkeep"] == 2


def test_a_queue_is_replaced_at_once(broker: Broker, client: Redis) -> None:
    broker.push(_hints("dead_letter", 3))
    new = _hints("dead_letter", CHUNK + 5)[4:]
    broker.replace_queue("dead_letter", new)
    assert list(broker.hints("dead_letter")) == new[::-1]
    assert client.ttl("dead_letter") == -1
    broker.replace_queue("dead_letter", [])
    assert broker.depths() == NONE_WAIT


def _leave_unacked(client: Redis, hints: list[Hint]) -> None:
    """As kombu keeps what a worker has and has not acknowledged."""
    client.hset(
        "unacked",
        mapping={
            f"{hint.run}.1": b'[%s, "", "%s"]' % (encode(hint), hint.queue.encode())
            for hint in hints
        },
    )


def test_unacknowledged_hints_are_counted_and_read_back(broker: Broker, client: Redis) -> None:
    hints = [*_hints("economy", 4), *_hints("premium", 6)[4:]]
    _leave_unacked(client, hints)
    client.hset("unacked", "of another kind", b'[{}, "", "celery"]')
    assert broker.unacked() == NONE_WAIT | {"economy": 4, "premium": 2}
    assert set(broker.unacked_hints()) == set(hints)


def test_very_many_unacknowledged_hints_are_estimated(broker: Broker, client: Redis) -> None:
    _leave_unacked(client, _hints("economy", 3 * SAMPLE))
    counted = broker.unacked()
    assert counted["economy"] == pytest.approx(3 * SAMPLE, rel=0.01)


def test_the_epoch_is_set_once_and_lost_with_everything_else(broker: Broker, client: Redis) -> None:
    assert broker.epoch() is None
    assert broker.set_epoch("first")
    assert not broker.set_epoch("second")
    assert broker.epoch() == "first"
    client.flushall()
    assert broker.epoch() is None


def test_the_embedded_redis_is_fit_but_forgets(broker: Broker) -> None:
    [finding] = broker.check()
    assert not finding.refuses


def test_an_evicting_redis_is_refused(broker: Broker, client: Redis) -> None:
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert any(finding.refuses for finding in broker.check())
    finally:
        client.config_set("maxmemory-policy", "noeviction")


def test_a_thousand_hints_take_little_memory(broker: Broker, client: Redis) -> None:
    broker.push(_hints("economy", 1_000))
    used = client.memory_usage("economy", samples=0)
    assert used
    assert used / 1_000 < 400  # 328 when this was written; 600 is what is promised


def test_a_broker_that_is_gone_is_named(tmp_path: Path) -> None:
    broker = Broker(f"redis+socket://{tmp_path}/none.sock?virtual_host=0")
    with pytest.raises(BrokerDown, match=r"none\.sock"):
        broker.ping()
    with pytest.raises(BrokerDown):
        list(broker.hints("economy"))
    broker.close()
