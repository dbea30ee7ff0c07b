"""The training texts as matrices: cut once, weighed anew for every part of them.

Imports scipy, which answering does not need: only training may import this file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from worker.models.baseline.grams import Grams
from worker.models.baseline.vocabulary import Vocabulary

Matrix = Any  # scipy.sparse.csr_matrix: scipy ships no types
Rows = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rarity:
    """How rare each gram of a corpus is in some of its texts; `known` in enough of them."""

    weights: NDArray[np.float64]
    known: NDArray[np.bool_]
    unseen: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Corpus:
    """Which grams of one kind stand in which text. Weighs as Vocabulary does, all texts at once."""

    grams: tuple[str, ...]
    present: Matrix  # texts x grams, ones
    cut: Grams
    least: int  # texts that a gram must stand in to be known

    @classmethod
    def read(cls, texts: Sequence[str], cut: Grams, *, least: int) -> "Corpus":
        """Cuts every text into its grams."""
        columns: dict[str, int] = {}
        places: list[int] = []
        ends = [0]
        for text in texts:
            # sorted: columns then do not depend on the order of a set, which differs by process
            places.extend(columns.setdefault(gram, len(columns)) for gram in sorted(cut(text)))
            ends.append(len(places))
        shape = (len(texts), len(columns))
        present = sparse.csr_matrix((np.ones(len(places)), places, ends), shape=shape)
        return cls(grams=tuple(columns), present=present, cut=cut, least=least)

    def rarity(self, rows: Rows) -> Rarity:
        """Smoothed inverse document frequency within `rows`; what is unknown there is unseen."""
        texts = len(rows)
        counts = np.bincount(self.present[rows].indices, minlength=len(self.grams))
        known = counts >= self.least
        unseen = float(np.log(1 + texts)) + 1
        smoothed = np.log((1 + texts) / (1 + counts)) + 1
        return Rarity(weights=np.where(known, smoothed, unseen), known=known, unseen=unseen)

    def weigh(self, rarity: Rarity) -> Matrix:
        """Every text's weights for the known grams: texts x known grams."""
        weighed = self.present @ sparse.diags(rarity.weights)
        lengths = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
        scaled = sparse.diags(1 / np.maximum(lengths, 1e-9)) @ weighed
        return scaled.tocsr()[:, rarity.known]

    def vocabulary(self, rarity: Rarity) -> Vocabulary:
        """What answering needs of this corpus."""
        kept = [gram for gram, known in zip(self.grams, rarity.known, strict=True) if known]
        return Vocabulary(
            columns={gram: column for column, gram in enumerate(kept)},
            rarity=rarity.weights[rarity.known].astype(np.float32),
            unseen=rarity.unseen,
            cut=self.cut,
        )
