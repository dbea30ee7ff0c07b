"""Suspects go on together, and alone where that killed somebody; real processes, a tiny fleet."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.environment import Environment
from tasks.run import Incarnation, Run, RunId, State, TicketId
from tasks.ticket import ExternalId
from tests.acceptance.patience import until
from tests.acceptance.tiny_ward import GATE, VARIABLE, hire
from tests.twins.clock import NOON
from worker.quarantine import company
from worker.quarantine.policy import Quarantine

pytestmark = pytest.mark.timeout(60)

RUN = Run(
    id=RunId("r"),
    ticket=TicketId("t"),
    source="s",
    external_id=ExternalId("T-1"),
    requester="0f",
    digest="d",
    revision=1,
    seq=2,
    state=State.RUNNING,
    stage="enrich",
    tier="economy",
    ingested_at=NOON,
    changed_at=NOON,
    owner=Incarnation("me"),
    suspect=True,
)


class Ward:
    """A quarantine, and what its processes carried."""

    def __init__(self, folder: Path, queues: frozenset[str] = frozenset({"economy"})) -> None:
        self.now = 0.0
        self.gate = folder / "gate"
        self.gate.mkdir()
        self._carried = folder / "carried"
        self._carried.touch()
        environment = Environment(credentials={VARIABLE: str(self._carried), GATE: str(self.gate)})
        self.quarantine = Quarantine(hire, environment, queues, monotonic=lambda: self.now)

    async def carry(self, *names: str, alone: bool = False) -> list[bool]:
        """Whose process died."""
        runs = [replace(RUN, id=RunId(name)) for name in names]
        carry = self.quarantine.alone if alone else self.quarantine.together
        return await asyncio.gather(*[carry(run) for run in runs])

    def carried(self) -> list[tuple[str, str]]:
        """Process and run, in order."""
        lines = self._carried.read_text().splitlines()
        return [(line.split()[0], line.split()[1]) for line in lines]

    def times(self) -> Counter[str]:
        """How often each run was carried."""
        return Counter(run for _, run in self.carried())


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    ward = Ward(tmp_path)
    yield ward
    ward.quarantine.close()


NAMES = [f"sound-{number}" for number in range(30)]


def test_all_go_on_in_one_process(ward: Ward) -> None:
    assert asyncio.run(ward.carry(*NAMES)) == [False] * 30
    assert len({process for process, _ in ward.carried()}) == 1
    assert set(ward.times().values()) == {1}


def test_when_one_dies_all_of_its_company_hear_of_it(ward: Ward) -> None:
    """Whoever waits for ever is among them."""
    found = asyncio.run(ward.carry("waits-1", "dies", "waits-2"))
    assert found == [True] * 3


def test_alone_each_has_a_process_of_its_own(ward: Ward) -> None:
    """Many, for an end that two threads read at once was once taken for a death."""
    found = asyncio.run(ward.carry(*NAMES[:15], "dies", *NAMES[15:], alone=True))
    assert found == [False] * 15 + [True] + [False] * 15
    assert set(Counter(process for process, _ in ward.carried()).values()) == {1}


def test_after_a_death_the_next_have_company_again(ward: Ward) -> None:
    assert asyncio.run(ward.carry("dies")) == [True]
    assert asyncio.run(ward.carry(*NAMES)) == [False] * 30
    assert len({process for process, run in ward.carried() if run in NAMES}) == 1


@pytest.mark.parametrize("alone", [False, True])
def test_one_that_cannot_begin_is_no_death(tmp_path: Path, *, alone: bool) -> None:
    ward = Ward(tmp_path, frozenset())
    assert asyncio.run(ward.carry("sound", alone=alone)) == [False]
    assert ward.carried() == []
    ward.quarantine.close()


@pytest.mark.parametrize("alone", [False, True])
def test_cancelled_it_ends_and_is_no_death(ward: Ward, *, alone: bool) -> None:
    async def cancelled() -> None:
        work = asyncio.ensure_future(ward.carry("waits-1", "waits-2", alone=alone))
        await asyncio.to_thread(until, lambda: len(list(ward.gate.iterdir())) == 2)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cancelled())
    assert ward.times() == {"waits-1": 1, "waits-2": 1}


def test_whoever_comes_later_finds_another_company(ward: Ward) -> None:
    """One that is kept for long would hear of no pause."""

    async def one_after_another() -> list[bool]:
        first = asyncio.ensure_future(ward.carry("waits-1"))
        await asyncio.to_thread(until, lambda: any(ward.gate.iterdir()))
        ward.now += company.KEPT_SECONDS + 1
        second = await ward.carry("sound")
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        return second

    assert asyncio.run(one_after_another()) == [False]
    assert len({process for process, _ in ward.carried()}) == 2


def test_another_life_of_the_worker_has_a_company_of_its_own(ward: Ward) -> None:
    async def reborn() -> None:
        await ward.carry("sound-1")
        await ward.quarantine.together(replace(RUN, id=RunId("x"), owner=Incarnation("reborn")))

    asyncio.run(reborn())
    assert len({process for process, _ in ward.carried()}) == 2


def test_closed_it_takes_no_more_and_those_that_it_has_go_on(ward: Ward) -> None:
    async def closed() -> list[bool]:
        carrying = asyncio.ensure_future(ward.carry(*NAMES))
        await asyncio.sleep(0)
        ward.quarantine.close()
        return await carrying

    assert asyncio.run(closed()) == [False] * 30
    assert set(ward.times().values()) == {1}
