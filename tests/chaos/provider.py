"""The model providers of a seed, a process of their own: `python -m tests.chaos.provider`.

The product's simulator, which the nemesis tells what to play (its weather); in fair weather each
ticket meets what its script has. It prints the providers' addresses, and appends a line to its log
for each request: an independent record.
"""

import argparse
import asyncio
import json
import sys
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tests.chaos.script import FAILURES, Family, number_of, script
from worker.clock import SystemClock
from worker.simulator.answer import Answer
from worker.simulator.catalogue import fault
from worker.simulator.model import Model
from worker.simulator.provider import OK_STATUS, Provider
from worker.simulator.request import Request
from worker.simulator.simulator import Simulator
from worker.simulator.turn import Turn

CONTROL = "control"
"""A provider that nobody asks: its port is open whatever becomes of the others'."""

PROVIDERS = ("openai", "anthropic")
FAIR = "ok"
FOR_EVER = {
    Family.REJECTED: "error_400",
    Family.GARBAGE: "words",
    Family.REFUSED: "refusal",
    Family.OFF_LIST: "off_list",
}
"""What a ticket of these families is answered behind its script; all others get a verdict."""


class Scripts:
    """What each ticket of a seed still has to meet, whichever provider is asked."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._met: Counter[str] = Counter()

    def verdict(self, ticket: str) -> dict[str, Any]:
        """What a model should say to it."""
        return dict(json.loads(script(self._seed, number_of(ticket)).verdict()))

    def next(self, ticket: str) -> str:
        """The fault that it meets next."""
        one, met = script(self._seed, number_of(ticket)), self._met[ticket]
        return one.plays[met] if met < len(one.plays) else FOR_EVER.get(one.family, FAIR)

    def meets(self, ticket: str) -> None:
        """It has met that one."""
        self._met[ticket] += 1


class ScriptedModel(Model):
    """Says what the scripts have."""

    def __init__(self, scripts: Scripts) -> None:
        super().__init__({}, SystemClock().now)
        self._scripts = scripts

    def turn(self, request: Request) -> Turn | None:
        found = super().turn(request)
        if found is None or found.ticket is None:
            return found
        return replace(found, verdict=self._scripts.verdict(found.ticket))


class ScriptedProvider(Provider):
    """Plays the weather; in fair weather, what the ticket's script has next.

    A failure of the ticket's own that falls into bad weather is met by it. Weather in which models
    answer, however oddly, changes nothing for tickets that have something of their own.
    """

    def __init__(self, *words: Any, scripts: Scripts, **named: Any) -> None:  # noqa: ANN401 - a provider's
        super().__init__(*words, **named)
        self._scripts = scripts

    def plays(self, turn: Turn | None, key: str) -> tuple[str, Answer]:
        name, answer = super().plays(turn, key)
        if turn is None or turn.ticket is None:
            return name, answer
        own = self._scripts.next(turn.ticket)
        if name != FAIR and (own == FAIR or not _says_something(answer)):
            if own in FAILURES:
                self._scripts.meets(turn.ticket)
            return name, answer
        self._scripts.meets(turn.ticket)
        found = fault(own)
        assert found, own
        return own, self.timed(found.play(turn))


def _says_something(answer: Answer) -> bool:
    """Whether a model answers at all."""
    return answer.status == OK_STATUS and answer.end == "keep" and answer.drip_seconds is None


async def _serve(simulator: Simulator) -> None:
    await simulator.listen()
    sys.stdout.write(json.dumps(dict(simulator.urls)) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="tests.chaos.provider")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--latency", default="1")
    asked = parser.parse_args()
    scripts = Scripts(asked.seed)
    with asked.log.open("a", buffering=1) as log:
        simulator = Simulator(
            dict.fromkeys((*PROVIDERS, CONTROL), 0),
            seed=asked.seed,
            latency=asked.latency,
            file=log,
            model=ScriptedModel(scripts),
            provider=partial(ScriptedProvider, scripts=scripts),
        )
        asyncio.run(_serve(simulator))


if __name__ == "__main__":
    main()
