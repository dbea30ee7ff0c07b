"""What a local model is worth: how much it answers, how much of that is right, and at what cost."""

from collections.abc import Iterable
from dataclasses import dataclass
from time import perf_counter

from worker.models.baseline.model import Baseline
from worker.operating.share import Share


@dataclass(frozen=True, kw_only=True, slots=True)
class Labelled:
    """A text and the issue type that people gave it."""

    text: str
    issue_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Shares of a labelled set, and how long one text took."""

    answered: Share
    right: Share  # of the answered
    right_if_forced: Share  # of all, had it never abstained
    milliseconds: float


def figures(baseline: Baseline, messages: Iterable[Labelled]) -> Figures:
    """Ranks every message once."""
    asked = tuple(messages)
    began = perf_counter()
    ranked = [baseline.rank(message.text) for message in asked]
    took = perf_counter() - began
    right = [
        found.ranking[0][0] == message.issue_type
        for found, message in zip(ranked, asked, strict=True)
    ]
    answered = [good for good, found in zip(right, ranked, strict=True) if found.abstains is None]
    return Figures(
        answered=Share(len(answered), len(asked)),
        right=Share(sum(answered), len(answered)),
        right_if_forced=Share(sum(right), len(asked)),
        milliseconds=1_000 * took / max(1, len(asked)),
    )


def let_through(baseline: Baseline, texts: Iterable[str]) -> Share:
    """How many texts that are nobody's business here it would answer all the same."""
    found = [baseline.rank(text).abstains is None for text in texts]
    return Share(sum(found), len(found))
