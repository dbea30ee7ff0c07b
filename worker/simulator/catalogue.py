"""Every fault that a profile may name."""

import re
from collections.abc import Callable, Mapping

from worker.simulator.fault import Fault, Play
from worker.simulator.faults.breaking import BREAKING, slow
from worker.simulator.faults.garbling import GARBLING
from worker.simulator.faults.refusing import REFUSING, rate

OK = Fault(name="ok", does="the usual answer", play=lambda turn: turn.good)
FAULTS: Mapping[str, Fault] = {"ok": OK} | {
    name: Fault(name=name, does=does, play=play)
    for name, (does, play) in {**REFUSING, **BREAKING, **GARBLING}.items()
}

FAMILIES: Mapping[str, tuple[str, Callable[[str], Play]]] = {
    "slow": ("the usual answer, N seconds later", lambda number: slow(float(number))),
    "rate": ("429, Retry-After: N seconds", rate),
}
"""Named with a number: `slow_0.5`, `rate_60`."""

STATES = {
    "refused": "the port refuses connections; it stands alone",
    "limit_N": "N requests of a key in any 60 s, rolling; then 429 as told",
}
"""Of the provider, and not of one request."""

NUMBERED = re.compile(r"([a-z]+)_(\d+(?:\.\d+)?)")


def fault(name: str) -> Fault | None:
    """The fault of that name; None where there is none."""
    if found := FAULTS.get(name):
        return found
    numbered = NUMBERED.fullmatch(name)
    if numbered is None or numbered[1] not in FAMILIES:
        return None
    does, made = FAMILIES[numbered[1]]
    return Fault(name=name, does=does, play=made(numbered[2]))


def listed() -> list[tuple[str, str]]:
    """Every name with what it does."""
    return [
        *((found.name, found.does) for found in FAULTS.values()),
        *((f"{name}_N", does) for name, (does, _) in FAMILIES.items()),
        *STATES.items(),
    ]
