"""Turns scores into probabilities that mean what they say."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]
Labels = NDArray[np.intp]

MOST_SURE = 0.9999
"""No text makes a model certain; ten thousand examples could not show that it may be."""

SHARPNESS = np.arange(1.0, 15.5, 0.5)
"""Candidates for how much a difference in score means. Below 1 a model knows nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """One of the model's two looks at a text: for each output, the label that it speaks for."""

    labels: Labels
    count: int  # of labels in the taxonomy; a label that nothing speaks for has probability 0

    def probabilities(self, scores: Scores, sharpness: float) -> Scores:
        """Softmax of `scores` (texts x outputs), summed by label (texts x labels)."""
        powers = np.exp(sharpness * (scores - scores.max(axis=1, keepdims=True)))
        membership = np.eye(self.count)[self.labels]
        shares: Scores = powers / powers.sum(axis=1, keepdims=True) @ membership
        return shares


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """The mean of both views, each as sharp as it deserves.

    The view over intents separates finely; the view over issue types is less impressed by an
    intent that was labelled wrongly. Where they disagree the mean is low, as it should be.
    """

    views: tuple[View, View]
    sharpness: tuple[float, float]

    def probabilities(self, scores: tuple[Scores, Scores]) -> Scores:
        """Probability of each label, MOST_SURE at most: one row per text."""
        first, second = (
            view.probabilities(part, sharp)
            for view, part, sharp in zip(self.views, scores, self.sharpness, strict=True)
        )
        return np.minimum((first + second) / 2, MOST_SURE)


def calibrate(
    views: tuple[View, View], scores: tuple[Scores, Scores], truth: Labels
) -> Calibration:
    """The sharpness of both views under which the truth is least surprising (log loss).

    `scores` must come from models that had not seen the texts: out of fold.
    Temperature scaling: Guo et al. 2017, "On Calibration of Modern Neural Networks".
    """
    rows = np.arange(len(truth))
    of_truth = [
        {sharp: view.probabilities(part, sharp)[rows, truth] for sharp in map(float, SHARPNESS)}
        for view, part in zip(views, scores, strict=True)
    ]
    sharpness = min(
        product(*of_truth),
        key=lambda pair: _surprise(of_truth[0][pair[0]] + of_truth[1][pair[1]]),
    )
    return Calibration(views=views, sharpness=(sharpness[0], sharpness[1]))


def _surprise(twice_the_probability: Scores) -> float:
    return float(-np.log(twice_the_probability / 2 + 1e-12).mean())
