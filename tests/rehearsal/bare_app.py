"""What an afternoon builds: a Celery task that asks a model and tries again by itself.

`celery -A tests.rehearsal.bare_app worker`. BARE_URL is the provider's, BARE_RETRIES how often the
task tries again (`none`: for ever), BARE_MOST its longest backoff in seconds.
"""

import os

import httpx
from celery import Celery
from celery.signals import task_failure, task_success
from redis import Redis

from tests.rehearsal.bare import BROKER, DONE, FOR_EVER, LOST, MOST, RETRIES, URL
from worker.broker.url import client_url

broker = os.environ[BROKER]
retries = os.environ[RETRIES]
app = Celery("bare", broker=broker)
app.conf.update(worker_hijack_root_logger=False, broker_connection_retry_on_startup=True)
counts = Redis.from_url(client_url(broker))
client = httpx.Client(timeout=20, limits=httpx.Limits(max_connections=64))


@app.task(
    autoretry_for=(httpx.HTTPError,),
    retry_backoff=True,
    retry_backoff_max=int(os.environ[MOST]),
    max_retries=None if retries == FOR_EVER else int(retries),
    ignore_result=True,
)
def triage(ticket: str) -> None:
    """One question about one ticket."""
    question = {"role": "user", "content": f"Which rate do I get? (ticket {ticket})"}
    answer = client.post(
        f"{os.environ[URL]}/chat/completions",
        json={"model": "alpha", "messages": [question]},
        headers={"Authorization": "Bearer made-up"},
    )
    answer.raise_for_status()


@task_success.connect
def _count_done(**_: object) -> None:
    counts.incr(DONE)


@task_failure.connect
def _count_lost(**_: object) -> None:
    counts.incr(LOST)
