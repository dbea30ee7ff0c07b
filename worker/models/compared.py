"""Hosted models whose answers the local one is asked about: how likely it holds each."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from tasks.ports.model import Question, Reply, nobody_minds
from worker.models.switchboard import Served

LOCAL = "local"
"""The name of this signal."""

ASKED = "classify"
"""The prompt whose answers name an issue type."""


class Compared:
    """Implements Models over hosted ones. The local model costs a millisecond, and no money."""

    def __init__(self, hosted: Served, local: Served) -> None:
        self._hosted = hosted
        self._local = local

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        reply = await self._hosted.ask(question, look)
        named = _named(reply.text) if question.schema_name == ASKED else None
        if named is None:
            return reply
        theirs = (await self._local.ask(question)).signals
        likely: Mapping[str, float] = dict(theirs.ranking) if theirs else {}
        return replace(reply, measured={**reply.measured, LOCAL: likely.get(named, 0.0)})

    async def aclose(self) -> None:
        """Closes both."""
        await self._hosted.aclose()
        await self._local.aclose()


def _named(text: str) -> str | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    named = found.get("issue_type") if isinstance(found, dict) else None
    return named if isinstance(named, str) else None
