"""What the local model is worth on the tickets that it is proposed to learn from."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from worker.models.baseline.threshold import FEW
from worker.models.baseline.training import tried
from worker.models.baseline.trial import Trial
from worker.operating.proposing.proposal import Proposal

TWO_SIDED_95 = 1.96


@dataclass(frozen=True, kw_only=True, slots=True)
class OfType:
    """Of one issue type. A share of nothing is None."""

    tickets: int
    precision: float | None  # of all that it took for this one
    recall: float
    answered: int  # it would give this one by itself
    right: int  # of the answered

    @property
    def too_rare(self) -> bool:
        """Whether it is never answered, for lack of examples."""
        return self.tickets < FEW


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """By models that had not learnt from the tickets they were asked about."""

    tickets: int
    right: int  # had it never abstained
    answered: int
    right_of_answered: int
    types: Mapping[str, OfType]

    @property
    def accuracy(self) -> float:
        """Share of all for which it names the right issue type."""
        return self.right / self.tickets

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson interval of the accuracy."""
        return wilson(self.right, self.tickets)

    @property
    def coverage(self) -> float:
        """Share of all that it would answer by itself."""
        return self.answered / self.tickets

    @property
    def accuracy_of_answered(self) -> float | None:
        """Share of those that is right."""
        return self.right_of_answered / self.answered if self.answered else None


def figures(proposal: Proposal, max_wrong: float) -> Figures:
    """Teaches it three times by two thirds of the tickets, and asks about the last third."""
    trial = tried(proposal.examples, proposal.names, max_wrong)
    return Figures(
        tickets=len(trial.truth),
        right=int(trial.right.sum()),
        answered=int(trial.answered.sum()),
        right_of_answered=int((trial.answered & trial.right).sum()),
        types={name: _of_type(trial, place) for place, name in enumerate(trial.labels)},
    )


def _of_type(trial: Trial, place: int) -> OfType:
    its, taken_for_it = trial.truth == place, trial.guess == place
    hits, taken = int((its & taken_for_it).sum()), int(taken_for_it.sum())
    answered = trial.answered & taken_for_it
    return OfType(
        tickets=int(np.count_nonzero(its)),
        precision=hits / taken if taken else None,
        recall=hits / int(its.sum()),
        answered=int(answered.sum()),
        right=int((answered & its).sum()),
    )


def wilson(hits: int, total: int) -> tuple[float, float]:
    """The two-sided 95 % Wilson interval of hits / total."""
    share, square = hits / total, TWO_SIDED_95**2 / total
    middle, spread = share + square / 2, sqrt(square * (share * (1 - share) + square / 4))
    return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))
