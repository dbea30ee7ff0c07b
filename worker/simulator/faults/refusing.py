"""Faults in which the provider says that it will not: a status, and an error in its own form."""

from collections.abc import Mapping
from email.utils import formatdate

from worker.simulator.answer import Answer
from worker.simulator.dialect import Trouble
from worker.simulator.fault import Play
from worker.simulator.turn import Turn

WAIT_SECONDS = 2
GATEWAY = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def rate(seconds: str) -> Play:
    """429 that asks for so many seconds."""
    return lambda turn: turn.fails(Trouble.RATE, 429, retry_after=seconds)


def _status(status: int, trouble: Trouble) -> Play:
    return lambda turn: turn.fails(trouble, status)


def _date(turn: Turn) -> Answer:
    at = formatdate(turn.now() + WAIT_SECONDS, usegmt=True)
    return turn.fails(Trouble.RATE, 429, retry_after=at)


def _page(_: Turn) -> Answer:
    return Answer(status=502, body=GATEWAY, content_type="text/html")


REFUSING: Mapping[str, tuple[str, Play]] = {
    "rate_seconds": (f"429, Retry-After in seconds ({WAIT_SECONDS})", rate(str(WAIT_SECONDS))),
    "rate_date": (f"429, Retry-After as a date ({WAIT_SECONDS} s from then)", _date),
    "rate_nonsense": ("429, Retry-After: soon", rate("soon")),
    "rate_bare": ("429 without Retry-After", _status(429, Trouble.RATE)),
    "insufficient_quota": (
        "the account's money is gone, as this provider says it",
        _status(429, Trouble.QUOTA),
    ),
    "error_400": ("400: the request is wrong", _status(400, Trouble.REJECTED)),
    "error_401": ("401: the key is wrong", _status(401, Trouble.KEY)),
    "error_402": ("402: somebody has not paid", _status(402, Trouble.PAYMENT)),
    "error_403": ("403: the key may not do this", _status(403, Trouble.FORBIDDEN)),
    "error_404": ("404: there is no such model", _status(404, Trouble.MODEL)),
    "error_408": ("408: the provider timed out", _status(408, Trouble.SERVER)),
    "error_500": ("500", _status(500, Trouble.SERVER)),
    "error_502": ("502 with a proxy's page", _page),
    "error_503": ("503", _status(503, Trouble.OVERLOADED)),
    "error_529": ("529: overloaded", _status(529, Trouble.OVERLOADED)),
    "context_too_long": ("400: more tokens than the model takes", _status(400, Trouble.CONTEXT)),
    "prompt_filtered": (
        "the filter stops the question, as this provider says it",
        _status(400, Trouble.FILTERED),
    ),
}
"""Name -> what it does, and how."""
