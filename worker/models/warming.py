"""What a library does at its first question is done before the first ticket."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing, suppress

from tasks.errors import Held
from tasks.ports.model import Message, Plain, Question
from worker.models.switchboard import Served

SECONDS = 5.0
"""That the library is told to wait; nobody is waited for."""

OURS = frozenset({"openai", "azure", "anthropic", "gemini", "hosted_vllm"})
"""Providers that are known to be asked over our own connections alone, which hold a request back.

Another part of the library may have its own, or look for a key in the network first.
"""

OBJECT = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def warm(models: Served, names: Iterable[str]) -> None:
    """Asks one model of each provider in OURS up to where a request would leave; nothing is sent.

    litellm imports what a provider takes when it is first asked: 0.4 to 2 s in which a worker's
    event loop stands still, with the first tickets of all its slots. Needs a thread without a
    running loop.
    """
    providers = {name.partition("/")[0]: name for name in names}
    asyncio.run(_warm(models, [name for provider, name in providers.items() if provider in OURS]))


async def _warm(models: Served, names: Iterable[str]) -> None:
    async with aclosing(models):
        for name in names:
            # What else is wrong with a model is for the first ticket to be told.
            with suppress(Exception):
                await models.ask(_question(name), _held)


def _held() -> None:
    message = "only a trial"
    raise Held(message, dependency="", retry_after=0.0)


def _question(model: str) -> Question:
    return Question(
        model=model,
        messages=(Message(role="system", content="-"), Message(role="user", content="-")),
        schema_name="trial",
        schema=OBJECT,
        max_output_tokens=1,
        timeout_seconds=SECONDS,
        plain=Plain(text="-", priorities={}),
    )
