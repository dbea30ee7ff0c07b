"""Labelled examples, and how they lie on disk."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import OperatorError

GROUPING = "intent_to_issue_type.csv"
"""Beside the examples, where their intents are grouped into issue types (columns of that name)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """What a customer wrote and what a person decided.

    `intent` is finer than `issue_type`; where nobody labelled so finely it is the same.
    """

    text: str
    intent: str
    issue_type: str


def sources(training: Path) -> tuple[Path, ...]:
    """The files that say what is learnt: the examples and, where it is there, their grouping."""
    grouping = training.with_name(GROUPING)
    return (training, grouping) if grouping.exists() else (training,)


def read_examples(training: Path) -> tuple[Example, ...]:
    """The examples in a CSV file with a column `text` and `intent`, `issue_type`, or both.

    A grouping beside the file decides an intent's issue type; the column counts where there is
    none. Raises OperatorError with the line when something is missing.
    """
    grouping = {
        row["intent"]: row["issue_type"] for path in sources(training)[1:] for row in _rows(path)
    }
    return tuple(
        _example(row, grouping, f"{training.name}, example {number}")
        for number, row in enumerate(_rows(training), start=1)
    )


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"the examples in {path} cannot be read: {error}"
        raise OperatorError(message) from error


def _example(row: Mapping[str, str], grouping: Mapping[str, str], place: str) -> Example:
    text, intent = row.get("text") or "", row.get("intent") or ""
    issue_type = grouping.get(intent) or row.get("issue_type") or ""
    if not text or not issue_type:
        missing = "text" if not text else f"issue type for intent {intent!r}"
        message = f"{place} has no {missing}"
        raise OperatorError(message)
    return Example(text=text, intent=intent or issue_type, issue_type=issue_type)
