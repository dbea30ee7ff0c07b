"""Trains the model on labelled examples, and measures on the same examples what it may promise.

Seventy-seven intents summed into issue types separate better than issue types alone, and the mean
of both better than either. All choices here were made by cross-validation on the training set.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tasks.errors import OperatorError
from worker.models.baseline.calibration import Calibration, Labels, Scores, View, calibrate
from worker.models.baseline.corpus import Corpus, Matrix, Rarity, Rows
from worker.models.baseline.examples import Example
from worker.models.baseline.grams import pieces, words
from worker.models.baseline.model import Baseline
from worker.models.baseline.separation import Separation, separate
from worker.models.baseline.threshold import FEW, least_confidence, scope_floor
from worker.models.baseline.trial import Trial

FOLDS = 3
"""A model is measured on texts that it has not seen. It learnt from two thirds of them, so the
one that ships, which learnt from all, is rather better than was measured."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Lesson:
    """The training set in numbers: texts by gram, targets by view."""

    words: Corpus
    pieces: Corpus
    views: tuple[View, View]
    targets: tuple[Labels, Labels]
    truth: Labels  # each text's label


@dataclass(frozen=True, kw_only=True, slots=True)
class _Unseen:
    """What models said of texts that they had not seen: scores by view, and familiarity (0-1)."""

    scores: tuple[Scores, Scores]
    familiarity: Scores


@dataclass(frozen=True, kw_only=True, slots=True)
class _Studied:
    """What the training set shows of itself, and what follows from that."""

    calibration: Calibration
    threshold: float
    floor: float
    rare: tuple[str, ...]
    trial: Trial


def train(rows: Sequence[Example], labels: tuple[str, ...], max_wrong: float) -> Baseline:
    """The model for `labels`, which answers only where at most `max_wrong` of answers are wrong.

    A label without examples is never given. Some 9 s of one core for 10,000 short texts.
    Raises OperatorError where an example has another label, or all have the same one.
    """
    lesson = _lesson(rows, labels)
    studied = _study(lesson, rows, labels, max_wrong)
    everything = np.arange(len(rows))
    rarities = (lesson.words.rarity(everything), lesson.pieces.rarity(everything))
    planes = _separations(_weigh(lesson, rarities), lesson, everything)
    return Baseline(
        labels=labels,
        words=lesson.words.vocabulary(rarities[0]),
        pieces=lesson.pieces.vocabulary(rarities[1]),
        weights=np.hstack([plane.weights for plane in planes]).astype(np.float32),
        bias=np.concatenate([plane.bias for plane in planes]).astype(np.float32),
        calibration=studied.calibration,
        threshold=studied.threshold,
        floor=studied.floor,
        rare=studied.rare,
    )


def tried(rows: Sequence[Example], labels: tuple[str, ...], max_wrong: float) -> Trial:
    """What such a model is worth, by these examples themselves. Raises as `train`."""
    return _study(_lesson(rows, labels), rows, labels, max_wrong).trial


def _study(
    lesson: _Lesson, rows: Sequence[Example], labels: tuple[str, ...], max_wrong: float
) -> _Studied:
    unseen = _out_of_fold(lesson, folds(row.intent for row in rows))
    calibration = calibrate(lesson.views, unseen.scores, lesson.truth)
    shares = calibration.probabilities(unseen.scores)
    guess, confidence = shares.argmax(axis=1), shares.max(axis=1)
    floor = scope_floor(unseen.familiarity)
    few = np.bincount(lesson.truth, minlength=len(labels)) < FEW
    considered = (unseen.familiarity >= floor) & ~few[guess]
    right = (guess == lesson.truth)[considered]
    threshold = least_confidence(confidence[considered], right, max_wrong)
    return _Studied(
        calibration=calibration,
        threshold=threshold,
        floor=floor,
        rare=tuple(name for name, is_rare in zip(labels, few, strict=True) if is_rare),
        trial=Trial(
            labels=labels,
            truth=lesson.truth,
            guess=guess,
            answered=considered & (confidence >= threshold),
        ),
    )


def folds(intents: Iterable[Hashable]) -> Labels:
    """The fold of each example: intent by intent they take turns, so that every fold has all."""
    next_turn: dict[Hashable, int] = {}
    turns = []
    for intent in intents:
        turn = next_turn.setdefault(intent, len(next_turn))  # they begin in different folds
        turns.append(turn % FOLDS)
        next_turn[intent] = turn + 1
    return np.array(turns)


def _lesson(rows: Sequence[Example], labels: tuple[str, ...]) -> _Lesson:
    strangers = sorted({row.issue_type for row in rows} - set(labels))
    if strangers:
        message = f"examples have issue types that the taxonomy does not have: {strangers}"
        raise OperatorError(message)
    if len({row.issue_type for row in rows}) < 2:  # noqa: PLR2004 - nothing to tell apart
        message = "the local model needs examples of two issue types at least"
        raise OperatorError(message)
    label = {name: place for place, name in enumerate(labels)}
    pairs = sorted({(row.intent, row.issue_type) for row in rows})
    output = {pair: place for place, pair in enumerate(pairs)}
    truth = np.array([label[row.issue_type] for row in rows])
    taught, types = np.unique(truth, return_inverse=True)
    texts = [row.text for row in rows]
    return _Lesson(
        words=Corpus.read(texts, words, least=1),
        pieces=Corpus.read(texts, pieces, least=2),
        views=(
            View(labels=np.array([label[name] for _, name in pairs]), count=len(labels)),
            View(labels=taught, count=len(labels)),
        ),
        targets=(np.array([output[row.intent, row.issue_type] for row in rows]), types),
        truth=truth,
    )


def _out_of_fold(lesson: _Lesson, fold: Labels) -> _Unseen:
    """Each text as a model sees it that has not learnt from it."""
    first, second = (np.empty((len(fold), len(view.labels))) for view in lesson.views)
    familiarity = np.empty(len(fold))
    for turn in range(FOLDS):
        seen, unseen = np.flatnonzero(fold != turn), np.flatnonzero(fold == turn)
        weighed = _weigh(lesson, (lesson.words.rarity(seen), lesson.pieces.rarity(seen)))
        planes = _separations(weighed, lesson, seen)
        new = weighed[unseen]
        first[unseen], second[unseen] = planes[0].scores(new), planes[1].scores(new)
        familiarity[unseen] = np.asarray(new.multiply(new).sum(axis=1)).ravel() / 2
    return _Unseen(scores=(first, second), familiarity=familiarity)


def _weigh(lesson: _Lesson, rarities: tuple[Rarity, Rarity]) -> Matrix:
    both = (lesson.words.weigh(rarities[0]), lesson.pieces.weigh(rarities[1]))
    return sparse.hstack(both).tocsr()


def _separations(weighed: Matrix, lesson: _Lesson, rows: Rows) -> tuple[Separation, Separation]:
    first, second = (
        separate(weighed[rows], targets[rows], len(view.labels))
        for view, targets in zip(lesson.views, lesson.targets, strict=True)
    )
    return first, second
