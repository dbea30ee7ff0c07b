"""What the model is worth, by its own examples."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.models.baseline.calibration import Labels


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What a model said of each example that had not learnt from it, in the examples' order.

    `truth` and `guess` are places in `labels`; `answered` tells where it would not have abstained.
    """

    labels: tuple[str, ...]
    truth: Labels
    guess: Labels
    answered: NDArray[np.bool_]

    @property
    def right(self) -> NDArray[np.bool_]:
        """Where the guess is the truth, answered or not."""
        found: NDArray[np.bool_] = self.truth == self.guess
        return found
