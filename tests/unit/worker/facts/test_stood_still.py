"""A process that was frozen while it asked finds that all its time is up, whoever was well."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from config.facts import FactKind
from tasks.errors import FactsDown
from tasks.facts import Known
from tasks.ticket import Requester
from tests.twins.breakers import processes
from tests.twins.facts import an_account
from tests.unit.worker.facts.scripted import Scripted, holding, sources
from worker.facts.source import Reply, Who
from worker.guards.doors import Doors

FROZEN = 60.0  # longer than anybody waits for a turn


class Frozen(asyncio.SelectorEventLoop):
    """A loop whose process stands still whenever a test says so."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


@dataclass(kw_only=True)
class Freezing(Scripted):
    """The first who ask are frozen before they are answered, for so many seconds."""

    firsts: int
    seconds: float

    async def ask(self, kind: FactKind, who: Who) -> Reply:
        if len(self.asked) < self.firsts:
            self.asked.append((kind, who))
            loop = asyncio.get_running_loop()
            assert isinstance(loop, Frozen)
            loop.ahead += self.seconds
            await asyncio.sleep(FROZEN)
        return await super().ask(kind, who)


def _crowd(source: Freezing, folder: Path, people: int) -> tuple[list[object], str]:
    """What became of each, and how the breaker stands then."""
    [one] = processes()
    facts = sources(source, folder, Doors(one.breakers))

    async def all_at_once() -> list[object]:
        asked = (facts.account(Requester(email=f"{n}@example.com")) for n in range(people))
        return [*await asyncio.gather(*asked, return_exceptions=True)]

    with asyncio.Runner(loop_factory=Frozen) as runner:
        return runner.run(all_at_once()), one.state("facts:crm")


def test_who_was_frozen_asks_once_more_and_the_source_is_not_blamed(tmp_path: Path) -> None:
    """Four were asking, the others waited for their turn: the time of all of them is up."""
    source = Freezing(firsts=4, seconds=FROZEN, says={"account": holding(an_account())})
    found, breaker = _crowd(source, tmp_path, 20)
    assert all(isinstance(known, Known) for known in found), found
    assert len(source.asked) == 24
    assert breaker == "closed"


def test_who_is_frozen_again_goes_on_without_the_fact(tmp_path: Path) -> None:
    source = Freezing(firsts=99, seconds=FROZEN)
    [why], breaker = _crowd(source, tmp_path, 1)
    assert isinstance(why, FactsDown)
    assert len(source.asked) == 2
    assert breaker == "closed"


def test_who_was_late_merely_has_much_to_do(tmp_path: Path) -> None:
    """The time was up a moment ago: that is how a busy machine hears of a source that hangs."""
    source = Freezing(firsts=99, seconds=2.1)
    [why], _ = _crowd(source, tmp_path, 1)
    assert isinstance(why, FactsDown)
    assert len(source.asked) == 1
