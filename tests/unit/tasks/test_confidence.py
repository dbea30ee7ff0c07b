"""Confidence says how often answers are right; what is written by it is as good as promised."""

from collections.abc import Callable, Sequence
from random import Random  # noqa: TID251 - seeded, so it stands still

import pytest

from tasks.confidence import Calibration, Checked, calibrate, fewest, score_of

TOLERATED = 0.05
RESAMPLES = 200

MODELS: dict[str, Callable[[float], float]] = {
    "a modest model": lambda score: 0.5 + 0.5 * score,
    "a model that knows itself": lambda score: score,
    "an overconfident one": lambda score: score**2,
    "one that is always good": lambda score: 0.985 + 0.0 * score,
    "one that is never good": lambda score: 0.7 + 0.0 * score,
}
"""From the score that is measured to how often such an answer is right."""


def _drawn(chance: Random, count: int, right: Callable[[float], float]) -> list[Checked]:
    scores = [chance.betavariate(5, 1) for _ in range(count)]
    return [(score, chance.random() < right(score)) for score in scores]


def _error(calibration: Calibration, answers: Sequence[Checked]) -> float:
    written = [is_right for score, is_right in answers if calibration.passes(score)]
    return written.count(False) / len(written) if written else 0.0


def test_below_thirty_labels_there_is_no_number() -> None:
    labels = _drawn(Random(1), 30, MODELS["a model that knows itself"])
    assert calibrate(labels[:29], TOLERATED) is None
    found = calibrate(labels, TOLERATED)
    assert found is not None
    assert 0 < found.confidence(0.5) < found.confidence(0.9) < 1


@pytest.mark.parametrize("right", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("labels", [30, 100, 400, 1500])
def test_what_is_written_stays_within_the_tolerated_error(
    labels: int, right: Callable[[float], float]
) -> None:
    """In at least 95 of 100 resamples, on answers that the calibration has never seen."""
    chance = Random(labels)
    unseen = _drawn(chance, 4_000, right)
    within = 0
    for _ in range(RESAMPLES):
        found = calibrate(_drawn(chance, labels, right), TOLERATED)
        assert found is not None
        within += _error(found, unseen) <= TOLERATED
    assert within >= 0.95 * RESAMPLES


def test_a_good_model_is_let_through_once_there_are_labels_enough() -> None:
    """Else the promise would be kept by writing nothing."""
    chance = Random(7)
    right = MODELS["one that is always good"]
    found = calibrate(_drawn(chance, 600, right), TOLERATED)
    assert found is not None
    unseen = _drawn(chance, 5_000, right)
    assert sum(found.passes(score) for score, _ in unseen) > 0.9 * len(unseen)


@pytest.mark.parametrize("right", MODELS.values(), ids=MODELS)
def test_confidence_is_how_often_answers_are_right(right: Callable[[float], float]) -> None:
    """The expected calibration error over ten bins is at most 0.05, by answers kept apart."""
    chance = Random(3)
    errors = []
    for _ in range(20):
        found = calibrate(_drawn(chance, 400, right), TOLERATED)
        assert found is not None
        errors.append(_calibration_error(found, _drawn(chance, 4_000, right)))
    assert sum(errors) / len(errors) <= 0.05


def _calibration_error(found: Calibration, answers: Sequence[Checked]) -> float:
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(10)]
    for score, is_right in answers:
        confidence = found.confidence(score)
        bins[min(int(confidence * 10), 9)].append((confidence, is_right))
    return sum(
        abs(sum(c for c, _ in held) - sum(right for _, right in held)) for held in bins
    ) / len(answers)


def test_too_few_labels_to_say_so_are_told_from_a_model_that_is_not_good_enough() -> None:
    perfect = [(0.9, True)] * 40
    found = calibrate(perfect, TOLERATED)
    assert found is not None
    assert (found.threshold, found.is_certain) == (None, False)
    assert fewest(TOLERATED) == 99
    bad = [(0.9, number % 5 > 0) for number in range(200)]
    found = calibrate(bad, TOLERATED)
    assert found is not None
    assert (found.threshold, found.is_certain) == (None, True)


def test_a_score_is_the_mean_of_what_was_measured() -> None:
    assert score_of({}) is None
    assert score_of({"tokens": 0.9, "local": 0.5}) == pytest.approx(0.7)
    assert score_of({"tokens": float("nan"), "local": 1.5}) == 1.0


@pytest.mark.parametrize("labels", [[(1.0, True)] * 50, [(0.0, False)] * 50, [(0.5, True)] * 50])
def test_labels_that_all_say_the_same_are_no_certainty(labels: list[Checked]) -> None:
    found = calibrate(labels, TOLERATED)
    assert found is not None
    for score in (0.0, 0.5, 1.0):
        assert 0.0 < found.confidence(score) < 1.0
