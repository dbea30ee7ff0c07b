"""The world that both sides of the benchmark talk to: facts, a model and a helpdesk, on loopback.

HTTP/1.1 by hand on one asyncio loop, so that it is never what is measured. It notes for each ticket
when its first request came and when its last PATCH was answered.

`python -m tests.bench.stub --latency 1` prints its port; SIGTERM ends it.
GET /timings answers the notes as JSON and forgets them.
"""

import argparse
import asyncio
import json
from typing import cast

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
HEAD_END = b"\r\n\r\n"


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


class Connection(asyncio.Protocol):
    """One kept-alive connection; a request is answered before the next is looked at."""

    def __init__(self, notes: Notes, latency: float) -> None:
        self._notes = notes
        self._latency = latency
        self._loop = asyncio.get_running_loop()
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(HEAD_END)
        if not found or len(rest) < _length(head):
            return
        self._buffer = b""
        method, path = head.split(b" ", 2)[:2]
        if method == b"POST":
            self._loop.call_later(self._latency, self._send, COMPLETION)
        else:
            self._send(self._answer(method, path.decode()))

    def _answer(self, method: bytes, path: str) -> bytes:
        if path == "/timings":
            return self._notes.take()
        _, kind, ticket, *_ = path.split("/")
        now = self._loop.time()
        if method == b"PATCH":
            self._notes.last[ticket] = now
            return DONE
        self._notes.first.setdefault(ticket, now)
        return ANSWERS[kind]

    def _send(self, body: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                + str(len(body)).encode()
                + HEAD_END
                + body
            )


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(latency: float) -> None:
    """Serves until killed."""
    notes = Notes()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(notes, latency), "127.0.0.1", 0, backlog=1024
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """The way in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before a model answers")
    asyncio.run(serve(parser.parse_args().latency))


if __name__ == "__main__":
    main()
