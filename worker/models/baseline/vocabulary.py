"""What the model has seen of a language, and how much each gram weighs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.models.baseline.grams import Grams

Floats = NDArray[np.float32]
Columns = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """Grams of one kind, each with its column and its rarity (inverse document frequency).

    A gram never seen weighs as much as the rarest, though it speaks for nothing: it only makes
    the rest of its text lighter. So "what is the price of asparagus" does not pass for "what is
    the price of", and a text in unknown words is far from everything.
    """

    columns: Mapping[str, int]
    rarity: Floats
    unseen: float
    cut: Grams

    def weigh(self, text: str) -> tuple[Columns, Floats]:
        """Columns of the known grams in `text`, and their weights: at most 1 in length together."""
        grams = self.cut(text)
        known = [column for gram in grams if (column := self.columns.get(gram)) is not None]
        found = np.array(known, dtype=np.int32)
        found.sort()  # one order of summing for one text, whatever order a set has
        weights = self.rarity[found]
        strange = (len(grams) - len(known)) * self.unseen**2
        length = np.sqrt(np.dot(weights, weights) + strange)
        return found, weights / max(length, np.float32(1e-9))
