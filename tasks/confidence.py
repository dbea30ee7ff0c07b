"""How sure an answer is: measured signals, calibrated by what people said of earlier ones.

A number that a model states about itself is never used. Below thirty
answers that people have checked there is no number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

LEAST = 30
ERROR = 0.05
"""How often a threshold may let more errors through than are tolerated."""

TRIED = (1.0, 0.85, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1)
"""Shares of what was checked, by falling score, at whose ends a threshold is tried."""

NEAR = 1e-3
STEPS = 50
RIDGE = 1e-2
"""Where all were right the likelihood alone would be as steep as can be."""

Checked = tuple[float, bool]
"""An answer's score, and whether people say that it was right."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """From a score to the probability that the answer is right.

    `threshold` is the least score with which an answer may be written by itself; None: no score is
    enough. `is_certain`: enough were checked to say so.
    """

    slope: float
    intercept: float
    threshold: float | None
    is_certain: bool
    checked: int

    def confidence(self, score: float) -> float:
        """Between 0 and 1."""
        return _logistic(self.slope * _logit(score) + self.intercept)

    def passes(self, score: float) -> bool:
        """Whether an answer of that score may be written by itself."""
        return self.threshold is not None and score >= self.threshold


def score_of(measured: Mapping[str, float]) -> float | None:
    """One number of all signals that were measured, 0 to 1: their mean. None: there were none."""
    known = [min(max(value, 0.0), 1.0) for value in measured.values() if math.isfinite(value)]
    return sum(known) / len(known) if known else None


def calibrate(checked: Sequence[Checked], tolerated: float) -> Calibration | None:
    """By answers that people have checked; None below thirty.

    The curve is Platt's (1999): a logistic one, with targets that a few answers cannot drive to
    the ends. The threshold is found as in Learn then Test (Angelopoulos et al. 2021): of a few
    that are chosen before, the lowest above which at most `tolerated` are wrong by the upper end
    of the one-sided 95 % Clopper-Pearson interval, each test paying for the others (Bonferroni).
    """
    if len(checked) < LEAST:
        return None
    slope, intercept = _fitted(checked)
    return Calibration(
        slope=slope,
        intercept=intercept,
        threshold=_threshold(checked, tolerated),
        is_certain=len(checked) >= fewest(tolerated),
        checked=len(checked),
    )


def fewest(tolerated: float) -> int:
    """Answers that it takes to say that at most so many are wrong, if none of them is."""
    return max(LEAST, math.ceil(math.log(ERROR / len(TRIED)) / math.log(1 - tolerated)))


def _threshold(checked: Sequence[Checked], tolerated: float) -> float | None:
    falling = sorted(checked, key=itemgetter(0), reverse=True)
    for share in TRIED:
        least = falling[max(1, math.ceil(share * len(falling))) - 1][0]
        above = [is_right for score, is_right in falling if score >= least]
        if _is_at_most(above.count(False), len(above), tolerated):
            return least
    return None


def _is_at_most(wrong: int, seen: int, share: float) -> bool:
    """Whether so few would be seen to be wrong seldom enough, if `share` of all were."""
    log_share, log_rest = math.log(share), math.log1p(-share)
    chance = math.fsum(
        math.exp(_log_choose(seen, k) + k * log_share + (seen - k) * log_rest)
        for k in range(wrong + 1)
    )
    return chance <= ERROR / len(TRIED)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _fitted(checked: Sequence[Checked]) -> tuple[float, float]:
    """Slope and intercept, by Newton's method."""
    right = sum(is_right for _, is_right in checked)
    high, low = (right + 1) / (right + 2), 1 / (len(checked) - right + 2)
    points = [(_logit(score), high if is_right else low) for score, is_right in checked]
    slope, intercept = 1.0, 0.0
    for _ in range(STEPS):
        g1 = g0 = h11 = h10 = h00 = 0.0
        for x, target in points:
            p = _logistic(slope * x + intercept)
            weight, miss = p * (1 - p), p - target
            g1, g0 = g1 + miss * x, g0 + miss
            h11, h10, h00 = h11 + weight * x * x, h10 + weight * x, h00 + weight
        g1, h11, h00 = g1 + RIDGE * (slope - 1.0), h11 + RIDGE, h00 + RIDGE
        determinant = h11 * h00 - h10 * h10
        step1 = (h00 * g1 - h10 * g0) / determinant
        step0 = (h11 * g0 - h10 * g1) / determinant
        slope, intercept = slope - step1, intercept - step0
        if slope <= 0:  # a high score says nothing, or the contrary: then all are as likely
            mean = sum(target for _, target in points) / len(points)
            return 0.0, _logit(mean)
        if abs(step1) + abs(step0) < NEAR:
            break
    return slope, intercept


def _logit(score: float) -> float:
    kept = min(max(score, NEAR), 1 - NEAR)
    return math.log(kept / (1 - kept))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))
