"""Asks each model where it is served: local ones in this process, the others over the network."""

from collections.abc import Callable, Mapping
from typing import Protocol

from tasks.ports.model import Models, Question, Reply, nobody_minds


class Served(Models, Protocol):
    """Models, to be closed on the loop that they were asked on."""

    async def aclose(self) -> None: ...


class Switchboard:
    """Implements Models over others, each by its models' names."""

    def __init__(self, models: Mapping[str, Served]) -> None:
        self._models = models

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        return await self._models[question.model].ask(question, look)

    async def aclose(self) -> None:
        """Closes them all."""
        for served in {id(served): served for served in self._models.values()}.values():
            await served.aclose()
