"""Answers that are decided beforehand, from a file of JSON lines: a text, and what is said to it.

A line is `{"text": …, "issue_type": …, "priority": …}`; an inbox line with labels does too.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tasks.errors import OperatorError
from worker.simulator.verdict import Verdict, plain

FIELDS = ("issue_type", "priority", "escalate", "evidence", "reason", "draft")


def read(path: Path) -> Mapping[str, Verdict]:
    """By the text as verdict.plain has it. Raises OperatorError where it cannot be read."""
    try:
        return dict(_entries(path.read_bytes().splitlines()))
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from error


def _entries(lines: Iterable[bytes]) -> Iterable[tuple[str, Verdict]]:
    """What is no JSON, or has no text, answers nothing: an inbox may hold such lines."""
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and isinstance(
            text := found.get("text", found.get("body")), str
        ):
            yield plain(text), _said(found)


def _said(found: Mapping[str, Any]) -> Verdict:
    labels = found.get("labels")
    told = labels if isinstance(labels, dict) else found
    return {name: told[name] for name in FIELDS if name in told}
