"""From which confidence on the model may answer, and when a text is none of its business."""

import numpy as np
from numpy.typing import NDArray

from worker.models.baseline.calibration import Scores

ONE_SIDED_95 = 1.6449
"""Standard normal quantile: such a bound is too low once in twenty times."""

STRANGERS = 0.03
"""Share of the training texts themselves in words so unlike the others' that, had they come as
tickets, they would count as out of scope. It costs a point and a half of the answers and spares
more than half of those to questions that are nobody's business here."""

MOST_DEMANDED = 0.75
"""Familiarity that is always enough. Where examples were made from few templates, all but a copy
would be out of scope without it."""

FEW = 15
"""Examples of a label below which nobody can say how often an answer of it is right: it is never
answered, however sure the model is."""

NEVER = 1.0
"""No confidence reaches it: what `rank` says stays below."""


def least_confidence(confidence: Scores, right: NDArray[np.bool_], max_wrong: float) -> float:
    """The least confidence from which on at most `max_wrong` of the answers are wrong.

    At most means: the upper end of the one-sided 95 % Wilson interval of the share that was wrong
    out of fold. Too few examples to say so, and the model never answers.
    """
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    answered = np.arange(1, len(order) + 1)
    wrong = np.cumsum(~right[order], dtype=np.int_)
    last_of_equals = np.append(falling[:-1] > falling[1:], True)
    good = np.flatnonzero(last_of_equals & (upper_bound(wrong, answered) <= max_wrong))
    return float(falling[good[-1]]) if len(good) else NEVER


def upper_bound(wrong: NDArray[np.int_], answered: NDArray[np.int_]) -> Scores:
    """Upper end of the one-sided 95 % Wilson interval of wrong / answered."""
    share, square = wrong / answered, ONE_SIDED_95**2
    spread = np.sqrt(share * (1 - share) / answered + square / (4 * answered**2))
    bound: Scores = (share + square / (2 * answered) + ONE_SIDED_95 * spread) / (
        1 + square / answered
    )
    return bound


def scope_floor(familiarity: Scores) -> float:
    """The familiarity below which a text is out of scope, from familiarities out of fold."""
    return min(float(np.quantile(familiarity, STRANGERS)), MOST_DEMANDED)
