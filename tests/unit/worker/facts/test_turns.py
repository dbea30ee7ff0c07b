"""A crowd before a source that takes only so many questions at once."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from config.facts import FactKind
from tasks.errors import FactsDown
from tasks.facts import Known
from tasks.ticket import Requester
from tests.servers.foreign_database import REST, TWO_TABLES
from tests.twins.breakers import processes
from tests.twins.facts import an_account
from tests.unit.worker.facts.scripted import DATABASE, Scripted, holding, sources
from worker.facts.source import Reply, Who
from worker.facts.sources import FactSources
from worker.guards.doors import Doors


@dataclass(kw_only=True)
class Narrow(Scripted):
    """One that takes its time, and knows how many ask it at once."""

    seconds: float = 0.05
    at_once: int = 0
    most: int = 0

    async def ask(self, kind: FactKind, who: Who) -> Reply:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            return await super().ask(kind, who)
        finally:
            self.at_once -= 1


def _crowd(facts: FactSources, people: int) -> list[object]:
    async def all_at_once() -> list[object]:
        asked = (facts.account(Requester(email=f"{n}@example.com")) for n in range(people))
        return [*await asyncio.gather(*asked, return_exceptions=True)]

    return asyncio.run(all_at_once())


def test_a_crowd_waits_for_its_turn_and_that_is_no_failure_of_the_source(tmp_path: Path) -> None:
    [one] = processes()
    source = Narrow(says={"account": holding(an_account())})
    quick = TWO_TABLES.replace("[account]\n", "[account]\ntimeout_seconds = 1.0\n")
    connected = (quick + REST, DATABASE[1])
    facts = sources(source, tmp_path, Doors(one.breakers), connected)
    found = _crowd(facts, 40)
    assert all(isinstance(known, Known) for known in found)
    assert source.most == 4
    assert one.state("facts:crm") == "closed"


def test_who_waits_too_long_for_a_turn_goes_on_without_the_fact(tmp_path: Path) -> None:
    [one] = processes()
    source = Narrow(seconds=0.2, says={"account": holding(an_account())})
    quick = TWO_TABLES.replace("[account]\n", "[account]\ntimeout_seconds = 0.4\n")
    facts = sources(source, tmp_path, Doors(one.breakers), (quick + REST, DATABASE[1]))
    found = _crowd(facts, 60)
    late = [str(known) for known in found if isinstance(known, FactsDown)]
    assert 0 < len(late) < 60
    assert all("not asked, for its connections were busy for 2 s" in why for why in late)


def test_who_waited_for_a_turn_asks_the_breaker_when_it_comes(tmp_path: Path) -> None:
    [one] = processes()
    source = Scripted(raises=FactsDown("away"))
    facts = sources(source, tmp_path, Doors(one.breakers))
    found = _crowd(facts, 60)
    assert all(isinstance(known, FactsDown) for known in found)
    assert len(source.asked) < 20
