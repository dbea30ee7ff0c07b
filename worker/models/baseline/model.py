"""The trained model: texts in, ranked issue types out."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from worker.models.baseline.calibration import Calibration, Scores
from worker.models.baseline.vocabulary import Floats, Vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """What the model thinks of one text.

    `ranking` holds every label with its probability, best first; `confidence` is the first one's.
    `abstains` says in a short sentence why the model would rather not answer, None when it would.
    """

    ranking: tuple[tuple[str, float], ...]
    confidence: float
    threshold: float
    abstains: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """A linear model over grams. Nothing in it changes, so any number of threads may ask it.

    `weights` has a row per gram (words first, then pieces) and a column per output (intents
    first, then issue types); `bias` one value per output.
    """

    labels: tuple[str, ...]
    words: Vocabulary
    pieces: Vocabulary
    weights: Floats
    bias: Floats
    calibration: Calibration
    threshold: float
    floor: float  # familiarity below which a text is out of scope
    rare: tuple[str, ...]  # labels with too few examples to be answered

    @property
    def labels_hash(self) -> str:
        """Hash of the labels it was trained on; compare with `hash_of` the live taxonomy's."""
        return hash_of(self.labels)

    def rank(self, text: str) -> Ranked:
        """Ranks the labels for `text`, of which it reads the first 8,000 characters."""
        scores, familiarity = self._scores(text)
        intents = len(self.calibration.views[0].labels)
        views = (scores[:, :intents], scores[:, intents:])
        shares = self.calibration.probabilities(views)[0]
        ranking = tuple(
            (self.labels[place], float(shares[place]))
            for place in np.argsort(-shares, kind="stable")
        )
        confidence = ranking[0][1]
        return Ranked(
            ranking=ranking,
            confidence=confidence,
            threshold=self.threshold,
            abstains=self._abstains(ranking[0][0], confidence, familiarity),
        )

    def _scores(self, text: str) -> tuple[Scores, float]:
        """One row of scores, and the text's familiarity: how much of its weight is known (0-1)."""
        columns, weights = self.words.weigh(text)
        more_columns, more_weights = self.pieces.weigh(text)
        shift = len(self.words.columns)
        scores = self.bias + weights @ self.weights[columns]
        scores = scores + more_weights @ self.weights[more_columns + shift]
        familiarity = float(weights @ weights + more_weights @ more_weights) / 2
        return scores[np.newaxis].astype(np.float64), familiarity

    def _abstains(self, label: str, confidence: float, familiarity: float) -> str | None:
        if familiarity < self.floor:
            return f"out of scope: familiarity {familiarity:.2f} is below {self.floor:.2f}"
        if confidence < self.threshold:
            return f"confidence {confidence:.3f} is below {self.threshold:.3f}"
        if label in self.rare:
            return f"there are too few examples of {label}"
        return None


def hash_of(labels: Iterable[str]) -> str:
    """Sixteen hex digits for a set of labels, whatever their order."""
    return hashlib.sha256("\x1f".join(sorted(labels)).encode()).hexdigest()[:16]
