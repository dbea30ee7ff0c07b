"""A provider that fails often, then always, then seldom: when its breaker opens, probes, closes."""

from collections.abc import Sequence
from functools import partial

from tests.rehearsal.course import FREE, calm, ill
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import Casting, Stage, ended, played, staged
from worker.guards.redis_shared import connect

WELL = 1_000
ILL = 2_000
CALM = 11_000
"""Some are done before the last of them is there."""


class Provider:
    """By its own log."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def fail(self, share: float) -> None:
        """That share of all requests gets a 503."""
        self._stage.provider.play(f"error_503:{share}" if 0 < share < 1 else _ALL[share])

    def asked(self, since: float) -> Sequence[float]:
        """When requests came."""
        return [one.at for one in self._stage.log(since)]


_ALL = {0.0: "ok", 1.0: "error_503"}


def breaker(pace: Pace, *, seed: int) -> dict[str, object]:
    """The figures of DESIGN section 6; Redis forgets everything between two probes."""
    with staged(Casting(latency="0.2-0.6"), pace, seed=seed, guards=FREE) as stage:
        stage.bring(WELL)
        stage.settle(120)
        stage.bring(ILL)
        stage.fill(least=10)
        provider = Provider(stage)
        found = ill(stage, provider, pace, midway=partial(_forget, stage))
        stage.settle(300)
        found |= calm(stage, provider, lambda: _bring(stage))
        return {**found, "played": played(stage.log()), **ended(stage)}


def _bring(stage: Stage) -> None:
    stage.bring(CALM)


def _forget(stage: Stage) -> None:
    client = connect(stage.redis.url)
    client.flushall()
    client.close()
