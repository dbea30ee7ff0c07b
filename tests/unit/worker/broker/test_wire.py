"""A hint survives the wire, carries nothing that goes stale, and is small."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.run import RunId
from worker.broker.names import QUEUES, QueueName
from worker.broker.wire import Hint, decode, decode_unacked, encode, queue_of_unacked

A_HINT = Hint(task="tasks.enrich", run=RunId("0192f3b6c1d27a4e"), send_n=3, queue="economy")
DELAYS = {"eta", "expires", "countdown", "timelimit"}


def _restored(raw: bytes) -> bytes:
    """What kombu makes of a message that it puts back."""
    message = json.loads(raw)
    message["headers"]["redelivered"] = True
    message["properties"]["delivery_info"]["redelivered"] = True
    return json.dumps(message).encode()


@settings(max_examples=50, deadline=None)
@given(
    task=st.text(min_size=1),
    run=st.text(min_size=1),
    send_n=st.integers(min_value=0, max_value=2**53),
    queue=st.sampled_from(QUEUES),
)
def test_a_hint_comes_back_as_it_was_sent(
    task: str, run: str, send_n: int, queue: QueueName
) -> None:
    hint = Hint(task=task, run=RunId(run), send_n=send_n, queue=queue)
    assert decode(encode(hint)) == hint


def test_a_hint_comes_back_from_a_message_that_was_put_back() -> None:
    assert decode(_restored(encode(A_HINT))) == A_HINT


def test_a_hint_comes_back_from_what_a_worker_has_not_acknowledged() -> None:
    entry = json.dumps([json.loads(encode(A_HINT)), "", "economy"]).encode()
    assert decode_unacked(entry) == A_HINT
    assert queue_of_unacked(entry) == "economy"


def test_a_message_carries_the_run_and_the_send_number_and_nothing_else() -> None:
    arguments, keywords, callbacks = json.loads(json.loads(encode(A_HINT))["body"])
    assert arguments == [A_HINT.run, A_HINT.send_n]
    assert keywords == callbacks == {}


def test_a_message_is_never_delayed_on_the_broker() -> None:
    message = json.loads(encode(A_HINT))
    assert DELAYS.isdisjoint(message["headers"])
    assert DELAYS.isdisjoint(message["properties"])


def test_a_message_goes_back_to_its_queue_without_any_exchange() -> None:
    info = json.loads(encode(A_HINT))["properties"]["delivery_info"]
    assert info == {"exchange": "", "routing_key": A_HINT.queue}


def test_two_sendings_of_a_run_have_two_tags() -> None:
    again = Hint(task=A_HINT.task, run=A_HINT.run, send_n=4, queue=A_HINT.queue)
    tags = {json.loads(encode(hint))["properties"]["delivery_tag"] for hint in (A_HINT, again)}
    ids = {json.loads(encode(hint))["headers"]["id"] for hint in (A_HINT, again)}
    assert len(tags) == len(ids) == 2


def test_a_message_is_small() -> None:
    longest = Hint(task="tasks.classify", run=RunId("f" * 32), send_n=10_000, queue="dead_letter")
    assert len(encode(longest)) < 350


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b'{"headers": {"task": "x"}}',
        encode(A_HINT).replace(b'"economy"', b'"celery"'),
        encode(A_HINT).replace(b",3]", b"]"),
        # As Celery itself writes it: the body in base64.
        json.dumps(
            json.loads(encode(A_HINT)) | {"body": base64.b64encode(b"[[],{},{}]").decode()}
        ).encode(),
    ],
)
def test_a_message_of_another_kind_is_no_hint(raw: bytes) -> None:
    assert decode(raw) is None
    assert decode_unacked(raw) is None
    assert queue_of_unacked(raw) is None
