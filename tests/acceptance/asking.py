"""Asks models through the gateway, each time on a loop and connections of its own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from tasks.ports.model import Message, Plain, Question, Reply
from tests.stubs.openai_server import OpenAIServer, a_completion, openai_server
from tests.stubs.other_providers import a_message, candidates
from worker.clock import SystemClock
from worker.models.gateway import Endpoint, LitellmGateway
from worker.simulator.answer import answering

Found = TypeVar("Found")

OPENAI = "openai/gpt-5-mini"
AZURE = "azure/gpt-4o"
ANTHROPIC = "anthropic/claude-haiku-4-5"
GEMINI = "gemini/gemini-2.5-flash"
MODELS = (OPENAI, "hosted_vllm/qwen3", AZURE, ANTHROPIC, GEMINI)

KEY = "sk-proj-SECRETKEY0123456789"
TEXT = "SECRETTICKET: where is my new card?"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["issue_type", "priority", "escalate", "reason"],
    "properties": {
        "issue_type": {"type": "string", "enum": ["card", "cash", "other"]},
        "priority": {"type": "integer", "enum": [1, 2, 3, 4]},
        "escalate": {"type": "boolean"},
        "reason": {"type": "string"},
    },
}


def a_question(model: str = OPENAI, timeout_seconds: float = 10.0) -> Question:
    """The question that a ticket asks."""
    return Question(
        model=model,
        messages=(
            Message(role="system", content="You triage tickets."),
            Message(role="user", content=TEXT),
        ),
        schema_name="classify",
        schema=SCHEMA,
        max_output_tokens=300,
        timeout_seconds=timeout_seconds,
        plain=Plain(text=TEXT, priorities={"card": 3, "cash": 3, "other": 4}),
    )


def a_success(model: str) -> dict[str, object]:
    """What the provider of that model answers when all is well."""
    match model.partition("/")[0]:
        case "anthropic":
            return a_message()
        case "gemini":
            return candidates()
        case _:
            return a_completion()


def endpoints(stub: OpenAIServer, key: str = KEY) -> dict[str, Endpoint]:
    """Every model at that stub, each by the address that its provider's path follows."""
    root = stub.url.removesuffix("/v1")
    bare = (AZURE, ANTHROPIC, GEMINI)
    return {
        model: Endpoint(
            api_base=root if model in bare else stub.url, api_key=key, credential="THE_KEY"
        )
        for model in (*MODELS, "nobody/nothing")
    }


def with_gateway(
    stub: OpenAIServer,
    use: Callable[[LitellmGateway], Awaitable[Found]],
    *,
    key: str = KEY,
    proxies: Mapping[str, str] | None = None,
) -> Found:
    """What `use` returns; the gateway is closed behind it."""

    async def run() -> Found:
        gateway = LitellmGateway(endpoints(stub, key), clock=SystemClock(), proxies=proxies)
        try:
            return await use(gateway)
        finally:
            await gateway.aclose()

    return asyncio.run(run())


@contextmanager
def warm_server() -> Iterator[OpenAIServer]:
    """A stub whom every provider's route was once asked at: litellm imports a route at first use.

    That is seconds on a busy machine, and no part of what the tests of it take the time of.
    """
    with openai_server() as stub:
        for model in MODELS:
            stub.script(answering(a_success(model)))
            ask(stub, a_question(model, timeout_seconds=60.0))
        stub.forget()
        yield stub


def ask(stub: OpenAIServer, question: Question, *, key: str = KEY) -> Reply:
    """One reply."""
    return with_gateway(stub, lambda gateway: gateway.ask(question), key=key)
