"""The world that both sides of the benchmark talk to: facts, a model and a helpdesk, on loopback.

On the simulator's server, so that it is never what is measured. It notes for each ticket when its
first request came and when its last PATCH was answered.

`python -m tests.bench.stub --latency 1` prints its port; SIGTERM ends it.
GET /timings answers the notes as JSON and forgets them.
"""

import argparse
import asyncio
import json
import time

from worker.simulator.answer import Answer
from worker.simulator.request import Request
from worker.simulator.server import Server

VERDICT = {
    "issue_type": "card",
    "priority": 3,
    "escalate": False,
    "evidence": [],
    "reason": "wants a new card",
    "draft": None,
}
COMPLETION = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_763_000_000,
        "model": "stub-1",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": json.dumps(VERDICT)},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 900, "completion_tokens": 40, "total_tokens": 940},
    }
).encode()
FACTS = {
    "account": {"customer_id": "C-1", "plan": "personal", "tier": "basic"},
    "billing": [
        {
            "id": "B-1",
            "at": "2026-11-01T10:00:00Z",
            "kind": "charge",
            "amount": "9.99",
            "currency": "EUR",
            "status": "settled",
        }
    ],
    "incidents": [],
}
ANSWERS = {name: json.dumps(fact).encode() for name, fact in FACTS.items()}
DONE = b'{"ok":true}'


class Notes:
    """Ticket -> when its first request came, and when its last PATCH was answered."""

    def __init__(self) -> None:
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}

    def take(self) -> bytes:
        """The notes as JSON; they begin anew."""
        taken = {name: [self.first.get(name), at] for name, at in self.last.items()}
        self.first.clear()
        self.last.clear()
        return json.dumps(taken).encode()


class Stub(Server):
    """Facts, a model and a helpdesk on one port."""

    def __init__(self, latency: float) -> None:
        super().__init__()
        self._notes = Notes()
        self._completion = Answer(body=COMPLETION, latency_seconds=latency)

    def answer(self, request: Request) -> Answer:
        """A completion to what is posted, a fact or the notes to what is got."""
        if request.method == "POST":
            return self._completion
        return Answer(body=self._body(request.method, request.path))

    def _body(self, method: str, path: str) -> bytes:
        if path == "/timings":
            return self._notes.take()
        _, kind, ticket, *_ = path.split("/")
        now = time.monotonic()
        if method == "PATCH":
            self._notes.last[ticket] = now
            return DONE
        self._notes.first.setdefault(ticket, now)
        return ANSWERS[kind]


async def serve(latency: float) -> None:
    """Serves until killed."""
    stub = Stub(latency)
    await stub.listen()
    print(stub.root.rpartition(":")[2], flush=True)
    await asyncio.Event().wait()


def main() -> None:
    """The way in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before a model answers")
    asyncio.run(serve(parser.parse_args().latency))


if __name__ == "__main__":
    main()
