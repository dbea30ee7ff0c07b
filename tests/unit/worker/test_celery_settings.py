"""Celery's settings hold what the design rests on, and none is misspelt."""

import pytest
from celery import Celery
from celery.app.defaults import SETTING_KEYS
from kombu.transport.redis import Channel

from worker.broker.names import CONSUMED
from worker.celery_settings import settings

OURS = settings("redis+socket:///nowhere.sock?virtual_host=0")


@pytest.fixture
def app() -> Celery:
    app = Celery("settings", set_as_current=False)
    app.conf.update(OURS)
    return app


def test_every_setting_is_one_that_celery_has() -> None:
    assert set(OURS) <= set(SETTING_KEYS)


def test_every_option_is_one_that_the_transport_has() -> None:
    options = OURS["broker_transport_options"]
    assert isinstance(options, dict)
    assert set(options) <= set(Channel.from_transport_options)


def test_only_json_is_accepted() -> None:
    assert OURS["accept_content"] == ["json"]


def test_a_worker_without_choice_consumes_all_but_the_dead_letters(app: Celery) -> None:
    assert set(app.amqp.queues.consume_from) == set(CONSUMED)


@pytest.mark.parametrize("name", ["premuim", "dead_letter", "celery"])
def test_a_queue_that_is_none_is_refused(app: Celery, name: str) -> None:
    with pytest.raises(KeyError):
        app.amqp.queues.select([name])


def test_a_task_without_a_queue_of_its_own_is_upkeep(app: Celery) -> None:
    route = app.amqp.router.route({}, "upkeep.anything")
    assert route["queue"].name == "upkeep"
