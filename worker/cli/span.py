"""Spans and moments as operators write them: 30m, 2h, 3d, or ISO 8601."""

import re
from datetime import UTC, datetime

from tasks.errors import OperatorError
from worker.helpdesks.feed import EPOCH, STAMP

UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def seconds(text: str) -> float:
    """The span in seconds. Raises OperatorError."""
    found = SPAN.fullmatch(text.strip())
    if not found:
        raise OperatorError(f"{text!r} is no span of time: write 90s, 30m, 2h or 3d")
    return float(found[1]) * UNITS[found[2]]


def moment(text: str, now: float) -> float:
    """Epoch seconds: that span before `now`, or that ISO 8601 moment. Raises OperatorError."""
    if SPAN.fullmatch(text.strip()):
        return now - seconds(text)
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        message = f"{text!r} is neither a span like 2h nor a moment like 2026-11-20T08:00"
        raise OperatorError(message) from error


def stamp(text: str, now: float) -> str:
    """That moment as helpdesks are asked for it; not before EPOCH. Raises OperatorError."""
    at = min(max(moment(text, now), 0.0), now)  # nothing has changed later than now
    return max(EPOCH, datetime.fromtimestamp(at, UTC).strftime(STAMP))
