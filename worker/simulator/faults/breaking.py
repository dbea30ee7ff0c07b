"""Faults of the line: no answer, half of one, a slow one."""

from collections.abc import Mapping
from dataclasses import replace

from worker.simulator.answer import NOTHING, Answer
from worker.simulator.fault import Play
from worker.simulator.turn import Turn

DRIP_SECONDS = 0.05


def slow(seconds: float) -> Play:
    """The usual answer, so much later."""
    return lambda turn: replace(turn.good, latency_seconds=seconds)


def _half(turn: Turn) -> int:
    return len(turn.good.body) // 2


def _hang(_: Turn) -> Answer:
    return Answer(end="hang", billed=NOTHING)


def _reset(_: Turn) -> Answer:
    return Answer(end="reset")


def _tear(turn: Turn) -> Answer:
    return replace(turn.good, end="tear", unsent=_half(turn))


def _cut(turn: Turn) -> Answer:
    return replace(turn.good, end="close", unsent=_half(turn))


def _drip(turn: Turn) -> Answer:
    return replace(turn.good, drip_seconds=DRIP_SECONDS)


BREAKING: Mapping[str, tuple[str, Play]] = {
    "hang": ("never answers", _hang),
    "reset": ("resets the connection without a word", _reset),
    "reset_mid_body": ("resets it in the middle of the answer; it is billed", _tear),
    "cut": ("closes it in the middle of the answer; it is billed", _cut),
    "slow_drip": (f"a byte each {DRIP_SECONDS} s; it is billed", _drip),
}
"""Name -> what it does, and how. Refused connections are no request's: profile.py has them."""
