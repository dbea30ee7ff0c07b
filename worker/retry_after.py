"""How long a provider asks us to wait."""

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

MOST_SECONDS = 3_600.0
"""Whoever asks for more is asked again after an hour."""


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds from `now` (epoch seconds), 0 to 3,600; None where nothing usable was said.

    `Retry-After` holds seconds or a date (RFC 9110, 10.2.3); OpenAI sends milliseconds too.
    """
    said = {name.lower(): text.strip() for name, text in headers.items()}
    milliseconds = _number(said.get("retry-after-ms", ""))
    seconds = (
        milliseconds / 1_000 if milliseconds is not None else _number(said.get("retry-after", ""))
    )
    if seconds is None:
        date = _date(said.get("retry-after", ""))
        seconds = max(0.0, date - now) if date is not None else None
    return min(seconds, MOST_SECONDS) if seconds is not None else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _date(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
