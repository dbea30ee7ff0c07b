"""What people build in an afternoon: two Celery tasks in a chain, with retries and late acks.

`celery -A tests.chaos.raw_app worker …`. RAW_PROVIDER is the provider's address; what is written
is appended to RAW_WRITTEN, as a helpdesk would keep it. RAW_VISIBLE: seconds until a dead worker's
messages come back.
"""

import os
from typing import Any

import requests
from celery import Celery

app = Celery("raw", broker=os.environ["TRIAGE_BROKER_URL"])
app.conf.update(
    task_default_queue="economy",
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={
        "visibility_timeout": int(os.environ["RAW_VISIBLE"]),
        "max_connections": 1_000,
    },
    broker_connection_retry_on_startup=True,
)
WRITTEN = os.open(os.environ["RAW_WRITTEN"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


@app.task(
    name="raw.classify",
    autoretry_for=(Exception,),
    retry_backoff=True,
    retry_kwargs={"max_retries": 4},
)
def classify(ticket: dict[str, Any]) -> dict[str, Any]:
    """Asks the model."""
    asked: Any = {"model": "made-up", "messages": [{"role": "user", "content": ticket["body"]}]}
    answer = requests.post(f"{os.environ['RAW_PROVIDER']}/chat/completions", json=asked, timeout=4)
    answer.raise_for_status()
    return ticket | {"verdict": answer.json()["choices"][0]["message"]["content"]}


@app.task(name="raw.write")
def write(ticket: dict[str, Any]) -> None:
    """Writes to the helpdesk."""
    os.write(WRITTEN, f"{ticket['id']}\n".encode())
