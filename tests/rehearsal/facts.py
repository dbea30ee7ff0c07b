"""A service that knows the customers fails often, then always, then seldom."""

from collections.abc import Sequence
from random import Random

from tasks.run import State
from tests.rehearsal.course import FREE, as_it_should, calm, ill
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, CUSTOMER, Casting, Stage, ended, staged
from tests.stubs.facts_service import ACCOUNT, REST, SECRET, VARIABLE, FactsService
from worker.simulator.answer import Answer, answering
from worker.simulator.request import Request
from worker.simulator.running import running

ILL = 6_000
CALM = 4_000
LEVEL = {"basic": 1, "plus": 2, "business": "gold"}


class Failing(FactsService):
    """Answers 503 to that share of all requests, and keeps when each came."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._chance = Random(seed)
        self._share = 0.0
        self._came: list[float] = []
        for tier in CUSTOMER.values():
            address = f"{tier}@example.com"
            contract = {"name": "Metal", "level": LEVEL[tier]}
            self.people[address] = {
                "no": f"C-{tier}",
                "contact": {"mail": address},
                "contract": contract,
            }

    def fail(self, share: float) -> None:
        """From now on."""
        self._share = share

    def asked(self, since: float) -> Sequence[float]:
        """When requests came."""
        return [at for at in list(self._came) if at >= since]

    def answer(self, request: Request) -> Answer:
        """As it stands, or not."""
        self._came.append(CLOCK.now())
        if self._chance.random() < self._share:
            return answering({}, status=503)
        return super().answer(request)


def facts(pace: Pace, *, seed: int) -> dict[str, object]:
    """The figures of DESIGN section 6 for a source of facts, by what it was asked."""
    with running(Failing(seed)) as service:
        connected = (ACCOUNT + REST).replace("PORT", service.port)
        with staged(
            Casting(latency="0.5-1.5"),
            pace,
            seed=seed,
            guards=FREE,
            variables={VARIABLE: SECRET},
            facts_toml=connected,
        ) as stage:
            stage.bring(ILL)
            stage.fill(least=10)
            found = ill(stage, service, pace)
            stage.settle(400)
            found |= calm(stage, service, lambda: _bring(stage))
            return {**found, **ended(stage)}


def _bring(stage: Stage) -> None:
    stage.bring(CALM)


def is_well(found: dict[str, object]) -> bool:
    """A source that is away holds no ticket up: each is written, or with people."""
    states = found["states"]
    assert isinstance(states, dict)
    came = sum(
        number for state, number in states.items() if state in (State.WRITTEN, State.IN_REVIEW)
    )
    return as_it_should(found) and came == found["tickets"] and found["balanced"] is True
