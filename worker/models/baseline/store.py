"""Keeps trained models on disk: one file each, named by what it was made from. No pickle."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from worker.models.baseline.calibration import Calibration, View
from worker.models.baseline.examples import read_examples, sources
from worker.models.baseline.grams import Grams, pieces, words
from worker.models.baseline.model import Baseline, hash_of
from worker.models.baseline.vocabulary import Vocabulary

Arrays = Mapping[str, NDArray[np.generic]]

DAMAGE = (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile)
"""What reading a damaged file raises; a file that is not there is an OSError too."""


def load_or_train(
    training: Path, cache: Path, labels: tuple[str, ...], max_wrong: float
) -> Baseline:
    """The model for these examples, labels and tolerated error: from `cache` where it is there.

    Another example, label, grouping, tolerance or line of this package's code makes another
    model. A damaged file is replaced. Two processes may do this at once: both train, either
    file is whole. Raises OperatorError when the examples cannot be used.
    """
    path = cache / f"baseline-{origin(training, labels, max_wrong)}.npz"
    try:
        return load(path)
    except DAMAGE:
        from worker.models.baseline.training import train  # noqa: PLC0415 - brings scikit-learn

        baseline = train(read_examples(training), labels, max_wrong)
        save(baseline, path)
        return baseline


def origin(training: Path, labels: tuple[str, ...], max_wrong: float) -> str:
    """Hash of all that a model is made from: examples, grouping, labels, tolerance, code."""
    code = sorted(Path(__file__).parent.glob("*.py"))
    known = [path for path in (*sources(training), *code) if path.is_file()]
    parts = [hashlib.sha256(path.read_bytes()).hexdigest() for path in known]
    parts += [hash_of(labels), *labels, repr(max_wrong)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:24]


def save(baseline: Baseline, path: Path) -> None:
    """Writes the model beside `path` and puts it there in one step, over what was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first, second = baseline.calibration.views
    about = {
        "labels": baseline.labels,
        "labels_hash": baseline.labels_hash,
        "words": list(baseline.words.columns),
        "pieces": list(baseline.pieces.columns),
        "unseen": (baseline.words.unseen, baseline.pieces.unseen),
        "sharpness": baseline.calibration.sharpness,
        "threshold": baseline.threshold,
        "floor": baseline.floor,
        "rare": baseline.rare,
    }
    with TemporaryDirectory(dir=path.parent, prefix=".baseline-") as folder:
        whole = Path(folder) / path.name
        np.savez(
            whole,
            about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
            word_rarity=baseline.words.rarity,
            piece_rarity=baseline.pieces.rarity,
            weights=baseline.weights,
            bias=baseline.bias,
            intents=first.labels,
            types=second.labels,
        )
        whole.replace(path)


def load(path: Path) -> Baseline:
    """The model in a file that `save` wrote. Raises one of DAMAGE when it is not whole."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        found: Arrays = dict(arrays)
    about = json.loads(found["about"].tobytes())
    labels = tuple(about["labels"])
    if about["labels_hash"] != hash_of(labels):
        raise ValueError("the labels are not those that the model was trained on")
    views = (_view(found["intents"], labels), _view(found["types"], labels))
    calibration = Calibration(views=views, sharpness=tuple(about["sharpness"]))
    return Baseline(
        labels=labels,
        words=_vocabulary(about["words"], found["word_rarity"], about["unseen"][0], words),
        pieces=_vocabulary(about["pieces"], found["piece_rarity"], about["unseen"][1], pieces),
        weights=found["weights"].astype(np.float32),
        bias=found["bias"].astype(np.float32),
        calibration=calibration,
        threshold=about["threshold"],
        floor=about["floor"],
        rare=tuple(about["rare"]),
    )


def _view(labels: NDArray[np.generic], names: tuple[str, ...]) -> View:
    return View(labels=labels.astype(np.intp), count=len(names))


def _vocabulary(
    grams: list[str], rarity: NDArray[np.generic], unseen: float, cut: Grams
) -> Vocabulary:
    columns = {gram: column for column, gram in enumerate(grams)}
    return Vocabulary(columns=columns, rarity=rarity.astype(np.float32), unseen=unseen, cut=cut)
