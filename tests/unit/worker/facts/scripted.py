"""A source that says what it is told to, behind whatever guards."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from config.facts import FactKind
from tasks.ports.guards import Guards
from tasks.ticket import Value
from tests.servers.foreign_database import REST, TWO_TABLES, VARIABLE
from tests.twins.facts import configured
from worker.facts.source import Found, Reply, Who
from worker.facts.sources import FactSources
from worker.guards.open_door import OpenDoor
from worker.telemetry.log import Log

DATABASE = (TWO_TABLES + REST, {VARIABLE: "sqlite:////nowhere"})


@dataclass(kw_only=True)
class Scripted:
    """A source that says what it was told to, and remembers who asked."""

    says: dict[FactKind, Callable[[], Found]] = field(default_factory=dict)
    raises: Exception | None = None
    hangs: bool = False
    asked: list[tuple[FactKind, Who]] = field(default_factory=list)

    async def ask(self, kind: FactKind, who: Who) -> Reply:
        self.asked.append((kind, who))
        await asyncio.sleep(60 if self.hangs else 0)
        if self.raises:
            raise self.raises
        return self.says.get(kind, lambda: Found(()))

    async def aclose(self) -> None:
        """Nothing is open."""


def sources(
    source: Scripted,
    folder: Path,
    guards: Guards | None = None,
    connected: tuple[str, Mapping[str, str]] = DATABASE,
    more: str = "",
) -> FactSources:
    text, variables = connected
    config = configured(folder, text + more, variables).facts
    [name] = config.used
    return FactSources(
        config, {name: source}, guards=guards or OpenDoor(), at_hand=lambda _: None, log=Log("x")
    )


def holding(*facts: Value, as_of: float | None = None) -> Callable[[], Found]:
    return lambda: Found(facts, as_of)
