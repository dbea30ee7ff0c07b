"""The audit's interval covers the truth; that nobody complained does not."""

from random import Random

import pytest

from worker.operating.exact import at_most, exact
from worker.operating.share import Share

RESAMPLES = 200


def test_it_is_the_interval_of_clopper_and_pearson() -> None:
    """By tables that others have printed."""
    for hits, of, low, high in (
        (0, 10, 0.0, 0.3085),
        (10, 10, 0.6915, 1.0),
        (1, 10, 0.0025, 0.4450),
        (7, 10, 0.3475, 0.9333),
        (98, 100, 0.9296, 0.9976),
        (4_900, 5_000, 0.9757, 0.9837),
    ):
        assert exact(Share(hits, of)) == pytest.approx((low, high), abs=2e-4), (hits, of)
    assert exact(Share(0, 0)) == (0.0, 1.0)


def test_a_tail_is_a_probability() -> None:
    assert at_most(0, 10, 0.0) == at_most(10, 10, 1.0) == 1.0
    assert at_most(9, 10, 1.0) == 0.0
    assert at_most(1, 2, 0.5) == pytest.approx(0.75)


@pytest.mark.parametrize("truth", [0.9, 0.95, 0.98, 0.99])
@pytest.mark.parametrize("labelled", [50, 100, 300])
def test_it_covers_the_true_accuracy_and_that_nobody_complained_does_not(
    truth: float, labelled: int
) -> None:
    """Of 200 audits at least 94 in 100; people who correct 30 % of the errors say too much."""
    chance = Random(f"{truth} {labelled}")
    audits = complaints = 0
    for _ in range(RESAMPLES):
        right = sum(chance.random() < truth for _ in range(labelled))
        low, high = exact(Share(right, labelled))
        audits += low <= truth <= high
        # A week of tickets, where silence counts as right.
        decided = 3_500
        silent = sum(chance.random() < truth or chance.random() > 0.3 for _ in range(decided))
        low, high = Share(silent, decided).interval
        complaints += low <= truth <= high
    assert audits >= 0.94 * RESAMPLES
    assert complaints <= 0.05 * RESAMPLES
