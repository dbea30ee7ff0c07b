"""What a library does at its first question is done before the first ticket."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing, suppress

from tasks.errors import Held
from tasks.ports.model import Message, Plain, Question
from worker.models.switchboard import Served

SECONDS = 5.0
"""A start is not held up for longer, by whatever a provider's part of the library wants first."""

OBJECT = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def warm(models: Served, names: Iterable[str]) -> None:
    """Asks one model of each provider up to where a request would leave; nothing is sent.

    litellm imports what a provider takes when it is first asked: 0.4 to 2 s in which a worker's
    event loop stands still, with the first tickets of all its slots. Needs a thread without a
    running loop.
    """
    asyncio.run(_warm(models, list({name.partition("/")[0]: name for name in names}.values())))


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
