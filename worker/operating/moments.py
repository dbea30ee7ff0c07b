"""Moments and spans as people and scripts read them."""

from datetime import UTC, datetime


def iso(at: float | None) -> str | None:
    """Epoch seconds as ISO 8601 in UTC."""
    return (
        None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    )


def age(seconds: float) -> str:
    """A span as a person says it: 42 s, 7 min, 3.2 h, 2.5 d."""
    for size, unit in ((86_400.0, "d"), (3_600.0, "h")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"  # noqa: PLR2004
