"""What comes back reaches the policy as it came: refused, cut off, empty, or no completion."""

import asyncio
import gzip
import json
from collections.abc import Iterator

import pytest

from tasks.ports.model import Usage
from tests.acceptance.asking import (
    ANTHROPIC,
    AZURE,
    GEMINI,
    MODELS,
    OPENAI,
    SCHEMA,
    TEXT,
    a_question,
    a_success,
    ask,
    warm_server,
    with_gateway,
)
from tests.stubs.openai_server import VERDICT, OpenAIServer, a_completion
from tests.stubs.other_providers import a_message, candidates
from worker.models.gateway import LitellmGateway
from worker.simulator.answer import Answer, answering


def _with_choice(finish_reason: str, text: str = VERDICT) -> dict[str, object]:
    message = {"role": "assistant", "content": text}
    return a_completion(choices=[{"index": 0, "message": message, "finish_reason": finish_reason}])


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with warm_server() as stub:
        yield stub


@pytest.fixture
def stub(server: OpenAIServer) -> OpenAIServer:
    server.forget()
    return server


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_comes_with_its_usage(stub: OpenAIServer, model: str) -> None:
    """Text, tokens, and the model that answered, which may not be called as the one asked."""
    stub.script(answering(a_success(model)))
    reply = ask(stub, a_question(model))
    assert reply.text == VERDICT
    assert reply.model_asked == model
    assert reply.model_answered not in {"", model}
    assert reply.usage == Usage(input_tokens=900, output_tokens=40, cached_tokens=768)
    assert reply.finish_reason == "stop"
    assert reply.latency_seconds > 0
    assert reply.refusal is None
    assert reply.signals is None


@pytest.mark.parametrize("model", [OPENAI, "hosted_vllm/qwen3", AZURE])
def test_the_question_is_sent_as_it_is(stub: OpenAIServer, model: str) -> None:
    """Messages, limit and schema, strict and under the prompt's name; nothing else."""
    ask(stub, a_question(model))
    [request] = stub.requests
    sent = request.json()
    assert sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "classify", "strict": True, "schema": SCHEMA},
    }
    assert sent["messages"] == [
        {"role": "system", "content": "You triage tickets."},
        {"role": "user", "content": TEXT},
    ]
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) == 300
    assert not {"temperature", "stream", "metadata", "user"} & set(sent)


@pytest.mark.parametrize("model", [ANTHROPIC, GEMINI])
def test_the_schema_reaches_those_with_another_form(stub: OpenAIServer, model: str) -> None:
    """Wherever they want it, the values that are allowed are in it."""
    stub.script(answering(a_success(model)))
    ask(stub, a_question(model))
    assert b'["card", "cash", "other"]' in stub.requests[0].raw


def test_a_refusal_keeps_the_models_words(stub: OpenAIServer) -> None:
    """OpenAI says `stop` to a refusal, and leaves the content empty."""
    message = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    stub.script(answering(a_completion(choices=[choice])))
    reply = ask(stub, a_question())
    assert reply.refusal == "I can't help with that."
    assert reply.text == ""


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (OPENAI, _with_choice("content_filter")),
        (ANTHROPIC, a_message(stop_reason="refusal")),
        (GEMINI, candidates(finishReason="SAFETY")),
    ],
)
def test_a_filtered_answer_says_so(
    stub: OpenAIServer, model: str, document: dict[str, object]
) -> None:
    """In one word, whatever the provider's is."""
    stub.script(answering(document))
    assert ask(stub, a_question(model)).finish_reason == "content_filter"


def test_a_filter_that_stops_the_question_is_a_reply(stub: OpenAIServer) -> None:
    """Azure's 400 is a refusal for people to look at, no wrong request."""
    error = {"code": "content_filter", "message": "The prompt was filtered."}
    stub.script(answering({"error": error}, status=400))
    reply = ask(stub, a_question(AZURE))
    assert reply.finish_reason == "content_filter"
    assert reply.refusal


@pytest.mark.parametrize(
    ("model", "document"),
    [
        (OPENAI, _with_choice("length", '{"issue')),
        (ANTHROPIC, a_message('{"issue', stop_reason="max_tokens")),
        (GEMINI, candidates('{"issue', finishReason="MAX_TOKENS")),
    ],
)
def test_a_truncated_answer_says_so(
    stub: OpenAIServer, model: str, document: dict[str, object]
) -> None:
    """Its text is what there is of it."""
    stub.script(answering(document))
    reply = ask(stub, a_question(model))
    assert reply.finish_reason == "length"
    assert reply.text == '{"issue'


@pytest.mark.parametrize("model", MODELS)
def test_no_choices_is_an_empty_reply(stub: OpenAIServer, model: str) -> None:
    """It is worth one more question, and no exception of a foreign type."""
    stub.script(answering(a_completion(choices=[])))
    reply = ask(stub, a_question(model))
    assert reply.finish_reason == "empty"
    assert reply.text == ""


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": 0, "completion_tokens": 0}])
def test_a_usage_that_is_missing_is_not_zero(stub: OpenAIServer, usage: object) -> None:
    """Who counts money must know that nobody counted tokens."""
    stub.script(answering(a_completion(usage=usage)))
    assert not ask(stub, a_question()).usage.reported


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("body", ["<html>hello</html>", "", "[]", "null", '{"a": 1}', "{"])
def test_a_200_without_a_completion_is_garbage(stub: OpenAIServer, model: str, body: str) -> None:
    """A proxy's login page, say: the reply shows it, and the model is not asked again in secret."""
    stub.usual = Answer(body=body.encode(), content_type="text/html")
    reply = ask(stub, a_question(model))
    assert reply.finish_reason == "garbage"
    assert reply.text == body
    assert len(stub.requests) == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("status", [201, 202, 204])
def test_a_success_of_another_kind_is_garbage(stub: OpenAIServer, model: str, status: int) -> None:
    """Accepted is not answered."""
    stub.usual = Answer(status=status, body=b"")
    assert ask(stub, a_question(model)).finish_reason == "garbage"


@pytest.mark.parametrize("model", MODELS)
def test_a_compressed_answer_is_read(stub: OpenAIServer, model: str) -> None:
    """As most providers send theirs."""
    body = gzip.compress(json.dumps(a_success(model)).encode())
    stub.script(Answer(body=body, headers={"content-encoding": "gzip"}))
    assert ask(stub, a_question(model)).text == VERDICT


@pytest.mark.parametrize("model", MODELS)
def test_a_huge_body_is_cut(stub: OpenAIServer, model: str) -> None:
    """Nobody fills our memory or the page that shows the reply, or stops the loop for seconds."""
    stub.usual = Answer(body=b"x" * 5_000_000)
    reply = ask(stub, a_question(model))
    assert reply.finish_reason == "garbage"
    assert len(reply.text) == 2_000
    assert reply.latency_seconds < 5


def test_many_questions_at_once_do_not_mix(stub: OpenAIServer) -> None:
    """Each answer reaches the one who asked."""
    names = [f"answer {number}" for number in range(100)]
    stub.script(*(answering(a_completion(name), latency_seconds=0.05) for name in names))

    async def at_once(gateway: LitellmGateway) -> list[str]:
        replies = await asyncio.gather(*(gateway.ask(a_question()) for _ in names))
        return [reply.text for reply in replies]

    assert sorted(with_gateway(stub, at_once)) == sorted(names)
