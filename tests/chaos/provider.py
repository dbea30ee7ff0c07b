"""The model provider of a seed, a process of its own: `python -m tests.chaos.provider`.

It prints its address, and appends a line to its log for each request: an independent record.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TextIO

from tests.chaos.script import MARK, Family, Script, number_of, script
from tests.stubs.openai_server import Answer, OpenAIServer, a_completion, answering

ECHO = json.dumps({"error": {"message": "no", "type": "made_up", "param": None, "code": None}})


def _error(status: int, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(body=ECHO.encode(), status=status, headers=named)


def _half(text: str) -> Answer:
    completion = a_completion(text[: len(text) // 2])
    completion["choices"][0]["finish_reason"] = "length"  # type: ignore[index]
    return answering(completion)


PLAYS = {
    "rate_1": _error(429, retry_after="1"),
    "rate_60": _error(429, retry_after="60"),
    "rate_nonsense": _error(429, retry_after="soon"),
    "error_500": _error(500),
    "error_503": _error(503),
    "overloaded_529": _error(529),
    "reset": Answer(end="reset"),
    "hang": Answer(end="hang"),
    "slow_drip": Answer(body=b" " * 400, drip_seconds=0.05),
    "cut": Answer(body=json.dumps(a_completion()).encode(), end="close", unsent=200),
    "empty": Answer(body=b""),
    "words": answering(a_completion("I think that it is about an exchange rate.")),
    "wrong_shape": answering(a_completion('{"issue_type": "exchange", "priority": "high"}')),
    "huge": Answer(body=b"x" * 5_000_000),
    "no_choices": answering({"id": "x", "object": "chat.completion", "choices": []}),
    "page": Answer(body=b"<html><h1>Welcome</h1></html>", content_type="text/html"),
}
"""What is the same for every ticket."""


class ChaosProvider(OpenAIServer):
    """Plays each ticket's script, request by request."""

    def __init__(self, seed: int, log: TextIO, *, latency_seconds: float) -> None:
        super().__init__()
        self._seed = seed
        self._log = log
        self._latency = latency_seconds
        self._asked: Counter[str] = Counter()

    def next_answer(self) -> Answer:
        """What the script has for the ticket that the newest request is about."""
        found = MARK.search(self.requests.pop().raw)
        if found is None:
            return _error(400)
        ticket = found[1].decode()
        one = script(self._seed, number_of(ticket))
        played, answer = self._answer(one, self._asked[ticket])
        self._asked[ticket] += 1
        line = {"at": time.time(), "ticket": ticket, "n": self._asked[ticket], "played": played}
        self._log.write(json.dumps(line) + "\n")
        return answer

    def _answer(self, one: Script, before: int) -> tuple[str, Answer]:
        """Its name in the log, and the answer."""
        if before < len(one.plays):
            played = one.plays[before]
            return played, self._played(played, one)
        match one.family:
            case Family.REJECTED:
                return "error_400", _error(400)
            case Family.GARBAGE:
                return "words", PLAYS["words"]
            case Family.REFUSED:
                completion = a_completion(None)
                completion["choices"][0]["message"]["refusal"] = "I cannot."  # type: ignore[index]
                return "refusal", self._good(completion)
            case Family.OFF_LIST:
                return "off_list", self._good(a_completion(one.verdict()))
            case _:
                return "good", self._good(a_completion(one.verdict()))

    def _played(self, played: str, one: Script) -> Answer:
        match played:
            case "truncated":
                return _half(one.verdict())
            case "usage_missing":
                return self._good(a_completion(one.verdict(), usage=None))
            case "slow":
                return answering(a_completion(one.verdict()), latency_seconds=2.0)
            case _:
                return PLAYS[played]

    def _good(self, completion: object) -> Answer:
        return answering(completion, latency_seconds=self._latency)


async def _serve(provider: ChaosProvider) -> None:
    server = await provider.listen()
    sys.stdout.write(f"{provider.url}\n")
    sys.stdout.flush()
    await server.serve_forever()


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
