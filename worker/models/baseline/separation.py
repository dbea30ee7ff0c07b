"""One hyperplane per output: the linear support vector machine underneath."""

from dataclasses import dataclass

import numpy as np

from worker.models.baseline.calibration import Labels, Scores
from worker.models.baseline.corpus import Matrix

ABSENT = -2.0
"""Score of an output without examples: as far away as a text ever is from what it is not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Separation:
    """Weights (grams x outputs) and bias (outputs)."""

    weights: Scores
    bias: Scores

    def scores(self, weighed: Matrix) -> Scores:
        """Distance of each text (row) from each output's hyperplane."""
        found: Scores = weighed @ self.weights + self.bias
        return found


def separate(weighed: Matrix, targets: Labels, outputs: int) -> Separation:
    """One against the rest, for each of `outputs`. Deterministic; single-threaded.

    `targets` holds each text's output.
    """
    weights = np.zeros((weighed.shape[1], outputs))
    bias = np.full(outputs, ABSENT)
    present = np.unique(targets)
    if len(present) == 1:  # a fold of very few examples: there is nothing to tell it apart from
        bias[present] = 0
        return Separation(weights=weights, bias=bias)
    from sklearn.svm import LinearSVC  # noqa: PLC0415 - a second to import, needed in training only

    # Cross-validated on the training set: C from 0.5 to 2 and a finer tolerance win nothing.
    machine = LinearSVC(C=1.0, dual=True, tol=0.3, random_state=0, max_iter=5_000)
    machine.fit(weighed, targets)
    planes, offsets = machine.coef_, machine.intercept_
    if len(present) == 2:  # noqa: PLR2004 - two classes share one plane
        planes, offsets = np.vstack([-planes, planes]), np.concatenate([-offsets, offsets])
    weights[:, present], bias[present] = planes.T, offsets
    return Separation(weights=weights, bias=bias)
