"""Chance is seeded: the same seed and the same order of requests meet the same faults."""

from collections import Counter

import pytest

from tasks.errors import OperatorError
from tests.unit.worker.simulator.asking import a_simulator, played
from worker.simulator.draws import drawn
from worker.simulator.latency import Latency

MIX = "error_500:0.3,rate_2:0.2"


def _faults(seed: int, provider: str = "alpha", count: int = 300) -> list[str]:
    return [
        record.fault for record in played(a_simulator(MIX, seed=seed), count, provider=provider)
    ]


def test_the_same_seed_meets_the_same_faults() -> None:
    assert _faults(7) == _faults(7)


def test_another_seed_and_another_provider_meet_others() -> None:
    assert _faults(7) != _faults(8)
    assert _faults(7) != _faults(7, "beta")


def test_a_fault_depends_on_the_number_of_the_request_and_not_on_what_came_before() -> None:
    """A hundred requests under another profile first: the next ones meet what they would have."""
    simulator = a_simulator("ok", seed=7)
    played(simulator, 100)
    simulator.set_profile(MIX, "alpha")
    assert [record.fault for record in played(simulator, 200)] == _faults(7)[100:]


def test_shares_are_met() -> None:
    counts = Counter(_faults(3, count=3_000))
    assert 840 < counts["error_500"] < 960
    assert 540 < counts["rate_2"] < 660


def test_what_is_drawn_is_spread_evenly() -> None:
    tenths = Counter(int(drawn(1, "alpha", n) * 10) for n in range(10_000))
    assert set(tenths) == set(range(10))
    assert all(900 < count < 1_100 for count in tenths.values())


@pytest.mark.parametrize(
    ("spec", "low", "middle", "high"),
    [
        ("0", 0, 0, 0),
        ("0.5", 0.5, 0.5, 0.5),
        ("2s", 2, 2, 2),
        ("0.2-0.8", 0.2, 0.5, 0.8),
        ("p50=0.8,p99=4", 0.16, 0.8, 4.0),
    ],
)
def test_a_latency_has_the_distribution_that_was_said(
    spec: str, low: float, middle: float, high: float
) -> None:
    """At 1, 50 and 99 % of the requests; a lognormal one is as far below its median as above."""
    latency = Latency.parse(spec)
    assert latency.seconds(0.5) == pytest.approx(middle)
    assert latency.seconds(0.01) == pytest.approx(low, abs=0.01)
    assert latency.seconds(0.99) == pytest.approx(high, abs=0.01)
    assert 0 <= latency.seconds(0.0) <= latency.seconds(1 - 2**-53) < 100


@pytest.mark.parametrize("spec", ["", "fast", "-1", "0.8-0.2", "p50=4,p99=1", "p50=0,p99=1"])
def test_a_bad_latency_is_told_with_the_forms_that_there_are(spec: str) -> None:
    with pytest.raises(OperatorError, match=r"say 0\.5, 0\.2-0\.8 or p50"):
        Latency.parse(spec)
