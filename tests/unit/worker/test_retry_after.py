"""How long a provider asks us to wait."""

import pytest

from worker.retry_after import MOST_SECONDS, retry_after

NOON = 1_767_268_800.0  # 1 January 2026, 12:00 UTC

SAID: tuple[tuple[dict[str, str], float | None], ...] = (
    ({}, None),
    ({"retry-after": "7"}, 7.0),
    ({"Retry-After": "0.5"}, 0.5),
    ({"RETRY-AFTER": " 0 "}, 0.0),
    ({"retry-after": "Thu, 01 Jan 2026 12:01:30 GMT"}, 90.0),
    ({"retry-after": "Thu, 01 Jan 2026 11:00:00 GMT"}, 0.0),
    ({"retry-after": "86400"}, MOST_SECONDS),
    ({"retry-after": "Thu, 01 Jan 2037 12:00:00 GMT"}, MOST_SECONDS),
    ({"retry-after": "soon"}, None),
    ({"retry-after": ""}, None),
    ({"retry-after": "-3"}, None),
    ({"retry-after": "nan"}, None),
    ({"retry-after": "inf"}, None),
    ({"retry-after": "Thu, 99 Foo 2026 25:61:00 GMT"}, None),
    ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
    ({"retry-after-ms": "nonsense", "retry-after": "1"}, 1.0),
)


@pytest.mark.parametrize(("headers", "expected"), SAID)
def test_seconds_dates_and_nonsense(headers: dict[str, str], expected: float | None) -> None:
    """Seconds or a date, bounded; what cannot be read was not said."""
    assert retry_after(headers, NOON) == expected
