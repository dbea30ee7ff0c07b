"""The model provider of a seed, a process of its own: `python -m tests.chaos.provider`.

It prints its address, and appends a line to its log for each request: an independent record.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from tests.chaos.script import MARK, Family, Script, number_of, script
from worker.simulator.answer import Answer
from worker.simulator.catalogue import fault
from worker.simulator.dialect import Asked
from worker.simulator.request import Request
from worker.simulator.routes import OPENAI
from worker.simulator.server import Server
from worker.simulator.turn import Turn

DRIP = Answer(body=b" " * 400, drip_seconds=0.05)
"""Shorter than a whole answer in drops: it ends before the caller's patience does."""

ELSEWHERE = {"overloaded_529": "error_529", "slow": "slow_2"}
"""What the simulator calls these; all others are called the same."""

FOR_EVER = {
    Family.REJECTED: "error_400",
    Family.GARBAGE: "words",
    Family.REFUSED: "refusal",
    Family.OFF_LIST: "off_list",
}
"""What a ticket of these families is answered behind its script; all others get a verdict."""

TIMED = {"good", "refusal", "off_list", "usage_missing"}
"""What the model takes its time for."""


class ChaosProvider(Server):
    """Plays each ticket's script, request by request."""

    def __init__(self, seed: int, log: TextIO, *, latency_seconds: float) -> None:
        super().__init__()
        self._seed = seed
        self._log = log
        self._latency = latency_seconds
        self._asked: Counter[str] = Counter()

    def answer(self, request: Request) -> Answer:
        """What the script has for the ticket that the request is about."""
        found = MARK.search(request.raw)
        if found is None:
            return Answer(status=400)
        ticket = found[1].decode()
        one = script(self._seed, number_of(ticket))
        played = self._name(one, self._asked[ticket])
        self._asked[ticket] += 1
        line = {"at": time.time(), "ticket": ticket, "n": self._asked[ticket], "played": played}
        self._log.write(json.dumps(line) + "\n")
        answer = _played(played, one, request)
        return replace(answer, latency_seconds=self._latency) if played in TIMED else answer

    def _name(self, one: Script, before: int) -> str:
        """Of what is played, in the log."""
        return one.plays[before] if before < len(one.plays) else FOR_EVER.get(one.family, "good")


def _played(played: str, one: Script, request: Request) -> Answer:
    turn = Turn(
        dialect=OPENAI,
        asked=Asked(model="chaos", rules="", question=request.raw.decode(), more=0, schema=None),
        verdict=json.loads(one.verdict()),
        digest="1",
        ticket=one.id,
        now=time.time,
    )
    if played == "slow_drip":
        return DRIP
    found = fault("ok" if played == "good" else ELSEWHERE.get(played, played))
    assert found, played
    return found.play(turn)


async def _serve(provider: ChaosProvider) -> None:
    await provider.listen()
    sys.stdout.write(f"{provider.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="tests.chaos.provider")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--latency", type=float, default=1.0)
    asked = parser.parse_args()
    with asked.log.open("a", buffering=1) as log:
        asyncio.run(_serve(ChaosProvider(asked.seed, log, latency_seconds=asked.latency)))


if __name__ == "__main__":
    main()
