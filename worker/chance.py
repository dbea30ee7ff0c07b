"""The one home of chance."""

import random
import secrets

from tasks.run import RunId

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that is easily misread."""


def uniform() -> float:
    """A number in [0, 1)."""
    return random.random()  # noqa: S311 - spreads retries, guards nothing


def run_id(at: float) -> RunId:
    """20 characters: ten of the time in milliseconds, so that ids sort by age; ten of chance."""
    return RunId(_base32(int(at * 1000), 10) + _base32(secrets.randbits(50), 10))


def oldest_id(at: float) -> str:
    """Sorts before every id of a run that was made then or later, and behind all earlier ones."""
    return _base32(int(at * 1000), 10)


PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
"""Two digits at a time: an id is made for every ticket."""


def _base32(number: int, length: int) -> str:
    """The lowest digits of the number; `length` is even."""
    return "".join([PAIRS[(number >> shift) & 1023] for shift in range(5 * length - 10, -1, -10)])


def token() -> str:
    """Eight characters that nobody guesses twice."""
    return _base32(secrets.randbits(40), 8)
