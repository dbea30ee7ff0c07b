"""Days as money counts them: in UTC, wherever the fleet runs."""

from datetime import UTC, datetime, timedelta


def day_of(at: float) -> str:
    """The day of that moment (epoch seconds): `2026-11-28`."""
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def begins_after(at: float) -> float:
    """When the day after that moment's begins, in epoch seconds."""
    day = datetime.fromtimestamp(at, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (day + timedelta(days=1)).timestamp()
