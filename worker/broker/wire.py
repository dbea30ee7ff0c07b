"""Hints as they lie on the broker: messages in Celery's protocol 2, without what may be left out.

What is here is what celery 5.7 and kombu 5.7 read: the task's name and id, the body, and where to
put the message back. A message of Celery's own takes three times the memory in Redis.

The id and the delivery tag are `RUN.SEND_N`. kombu keys `unacked` by the tag, so two messages under
way with one tag are acknowledged as one; only two copies of the same sending share a tag, and one
of those is to be dropped anyway.
"""

import json
from dataclasses import dataclass

from tasks.run import RunId
from worker.broker.names import QueueName, is_queue

TERSE = json.JSONEncoder(separators=(",", ":"))
NOTHING_ELSE: tuple[dict[str, object], dict[str, object]] = ({}, {})  # keyword arguments; callbacks


@dataclass(frozen=True, kw_only=True, slots=True)
class Hint:
    """Work is due: this run, from this task on, on this queue, as sent for the n-th time."""

    task: str  # as Celery names it, "tasks.enrich"
    run: RunId
    send_n: int
    queue: QueueName


def encode(hint: Hint) -> bytes:
    """The message as a worker consumes it from the list of that name.

    It carries no eta and no expiry: on Redis those wait in one worker's memory.
    """
    tag = f"{hint.run}.{hint.send_n}"
    message = {
        # As text and not base64, which is a third longer.
        "body": TERSE.encode(((hint.run, hint.send_n), *NOTHING_ELSE)),
        "content-type": "application/json",
        "content-encoding": "utf-8",
        "headers": {"task": hint.task, "id": tag},
        "properties": {
            "delivery_tag": tag,
            # No exchange: a message put back goes to the queue that the routing key names, by name
            # alone, also when the broker has forgotten every binding.
            "delivery_info": {"exchange": "", "routing_key": hint.queue},
        },
    }
    return TERSE.encode(message).encode()


def decode(raw: bytes) -> Hint | None:
    """The hint in a message, also in one that was put back; None for a message that is none."""
    return _hint(_parsed(raw))


def decode_unacked(raw: bytes) -> Hint | None:
    """As `decode`, for an entry of kombu's `unacked`: the message with exchange and routing key."""
    match _parsed(raw):
        case [message, _, _]:
            return _hint(message)
        case _:
            return None


def queue_of_unacked(raw: bytes) -> QueueName | None:
    """Where an unacknowledged message came from; None where that is no queue of ours."""
    match _parsed(raw):
        case [_, _, queue] if is_queue(queue):
            return queue
        case _:
            return None


def _parsed(raw: bytes | str) -> object:
    try:
        parsed: object = json.loads(raw)
    except ValueError:
        return None
    return parsed


def _hint(message: object) -> Hint | None:
    match message:
        case {
            "headers": {"task": str(task)},
            "properties": {"delivery_info": {"routing_key": queue}},
            "body": str(body),
        } if is_queue(queue):
            match _parsed(body):
                case [[str(run), int(send_n)], *_]:
                    return Hint(task=task, run=RunId(run), send_n=send_n, queue=queue)
                case _:
                    return None
        case _:
            return None
