"""The other side: a bare Celery chain of four tasks, with nothing written down.

As the field does it: `chain(enrich, classify, validate, write)`, the ticket in the messages,
threads, an HTTP session per process with a pool, litellm's `completion`. It loses what it loses.
"""

import os

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_MODE"] = "PRODUCTION"

import json
from typing import Any

import litellm
import requests
from celery import Celery, signals
from openai import OpenAI
from redis import Redis
from requests.adapters import HTTPAdapter

from worker.broker.url import client_url

app = Celery("chain", broker=os.environ["BENCH_BROKER"])
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"max_connections": 1_000, "visibility_timeout": 300},
    broker_connection_retry_on_startup=True,
    worker_send_task_events=False,
)
STUB = os.environ["BENCH_STUB"]
MODEL = "openai/stub-1"
SCHEMA = {"type": "object", "properties": {"issue_type": {"type": "string"}}}

session = requests.Session()
session.mount("http://", HTTPAdapter(pool_connections=4, pool_maxsize=400))
done = Redis.from_url(client_url(os.environ["BENCH_BROKER"]))
client = OpenAI(api_key="bench", base_url=f"{STUB}/v1", max_retries=0)


@signals.worker_process_init.connect
def _warm(**_: object) -> None:
    litellm.suppress_debug_info = True


@app.task(name="chain.enrich")
def enrich(ticket: dict[str, Any]) -> dict[str, Any]:
    facts = {
        kind: session.get(f"{STUB}/{kind}/{ticket['id']}", timeout=30).json()
        for kind in ("account", "billing", "incidents")
    }
    return ticket | {"facts": facts}


@app.task(name="chain.classify")
def classify(ticket: dict[str, Any]) -> dict[str, Any]:
    answer = litellm.completion(
        model=MODEL,
        messages=[
            {"role": "system", "content": "You route one customer-support ticket. " * 40},
            {"role": "user", "content": json.dumps(ticket)},
        ],
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "classify", "schema": SCHEMA, "strict": True},
        },
        client=client,
        timeout=30,
        num_retries=0,
        max_retries=0,
    )
    return ticket | {"answer": answer.choices[0].message.content}


@app.task(name="chain.validate")
def validate(ticket: dict[str, Any]) -> dict[str, Any]:
    verdict = json.loads(ticket["answer"])
    if (
        verdict["issue_type"] not in {"card", "cash", "transfer"}
        or not 1 <= verdict["priority"] <= 4
    ):
        raise ValueError(verdict)
    return ticket | {"verdict": verdict}


@app.task(name="chain.write")
def write(ticket: dict[str, Any]) -> None:
    for field in ("issue_type", "priority", "queue"):
        value = ticket["verdict"].get(field, "cards")
        session.patch(f"{STUB}/tickets/{ticket['id']}/{field}", json={"value": value}, timeout=30)
    done.incr("chain:done")
