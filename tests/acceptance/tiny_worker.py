"""A Celery app with our settings and one task, which writes down on Redis what reached it.

The broker, and after how many seconds it puts a message back, come from the environment.
"""

import json
import os
import time

from celery import Celery
from redis import Redis

from tests.acceptance.tiny_names import BEGUN, DONE, GO
from worker.broker.url import client_url
from worker.celery_settings import settings

WORK_SECONDS = 0.005

broker_url = os.environ["TEST_BROKER_URL"]
redis = Redis.from_url(client_url(broker_url))

app = Celery("tiny")
app.conf.update(settings(broker_url, visibility_seconds=int(os.environ["TEST_VISIBILITY_SECONDS"])))


def carry(self, run, send_n):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Notes the message, after a little work."""
    redis.incr(BEGUN)
    time.sleep(WORK_SECONDS)
    while run.startswith("held") and not redis.exists(GO):
        time.sleep(0.02)
    delivery = self.request.delivery_info
    done = {
        "run": run,
        "send_n": send_n,
        "queue": delivery["routing_key"],
        "again": bool(delivery["redelivered"]),
        "pid": os.getpid(),
    }
    redis.rpush(DONE, json.dumps(done))


app.task(carry, name="tasks.enrich", bind=True)
