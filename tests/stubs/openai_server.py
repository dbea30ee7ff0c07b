"""A model provider on loopback: HTTP/1.1 by hand, so that it is fast and can misbehave.

In a test: `with openai_server() as stub: stub.script(Answer(status=500))`. As a process of its own,
for measurements: `python -m tests.stubs.openai_server --latency 1`; it prints its URL.
"""

import argparse
import asyncio
import json
import socket
import struct
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast

VERDICT = '{"issue_type":"card","priority":3,"escalate":false,"reason":"wants a new card"}'
USAGE = {
    "prompt_tokens": 900,
    "completion_tokens": 40,
    "total_tokens": 940,
    "prompt_tokens_details": {"cached_tokens": 768},
}
HEAD_END = b"\r\n\r\n"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, for zero seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the provider does with one request.

    `hang` never answers, `reset` drops the connection without a word, `close` hangs up after it.
    With `drip_seconds` the body comes byte by byte, that far apart. The last `unsent` bytes of it
    never come.
    """

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"
    latency_seconds: float = 0.0
    drip_seconds: float | None = None
    end: Literal["keep", "close", "reset", "hang"] = "keep"
    unsent: int = 0

    def head(self) -> bytes:
        """Status line and headers."""
        lines = [
            f"HTTP/1.1 {self.status} Whatever",
            f"content-type: {self.content_type}",
            f"content-length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
        ]
        return "\r\n".join(lines).encode() + HEAD_END


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived."""

    target: str
    headers: Mapping[str, str]
    raw: bytes

    def json(self) -> dict[str, Any]:
        """The body."""
        return cast(dict[str, Any], json.loads(self.raw))


def a_completion(text: str | None = VERDICT, **changed: object) -> dict[str, object]:
    """A chat completion in OpenAI's shape; `changed` replaces top-level fields."""
    message: dict[str, object] = {
        "role": "assistant",
        "content": text,
        "refusal": None,
        "annotations": [],
    }
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_763_000_000,
        "model": "gpt-5-mini-2025-08-07",
        "choices": [
            {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"},
        ],
        "usage": USAGE,
        "system_fingerprint": "fp_1",
        **changed,
    }


def answering(document: object, *, status: int = 200, latency_seconds: float = 0.0) -> Answer:
    """An Answer whose body is that document as JSON."""
    body = json.dumps(document).encode()
    return Answer(body=body, status=status, latency_seconds=latency_seconds)


USUAL = answering(a_completion())


class OpenAIServer:
    """Plays the scripted answers in order, then `usual` for ever; keeps a log of what arrived."""

    def __init__(self, usual: Answer = USUAL) -> None:
        self.usual = usual
        self.url = ""
        self.requests: list[Request] = []
        self.connections_opened = 0
        self.transports: set[asyncio.Transport] = set()
        self._script: deque[Answer] = deque()

    def script(self, *answers: Answer) -> None:
        """Add answers to those that are still to be played."""
        self._script.extend(answers)

    def forget(self) -> None:
        """Start anew: no log, no script, the usual answer."""
        self.usual = USUAL
        self._script.clear()
        self.requests.clear()
        self.connections_opened = 0

    def wait_until_asked(self) -> bool:
        """Whether a request has arrived, within 5 s. From another thread."""
        return _wait_until(lambda: bool(self.requests))

    def wait_until_left(self) -> bool:
        """Whether every connection is gone, within 5 s. From another thread."""
        return _wait_until(lambda: not self.transports)

    def next_answer(self) -> Answer:
        """The answer that is due."""
        return self._script.popleft() if self._script else self.usual

    async def listen(self, port: int = 0) -> asyncio.Server:
        """Start on 127.0.0.1; `url` holds the base URL from here on."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", port, backlog=1024
        )
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        return server

    async def stop(self, server: asyncio.Server) -> None:
        """Stop listening and drop every connection."""
        server.close()
        for transport in self.transports:
            transport.abort()
        await asyncio.sleep(0)  # what was dropped hears of it in the loop's next round


def _wait_until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


class _Connection(asyncio.Protocol):
    """One kept-alive connection; a request is answered before the next is looked at."""

    def __init__(self, server: OpenAIServer) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections_opened += 1
        self._server.transports.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(HEAD_END)
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)
        }
        if len(rest) < int(headers.get("content-length", "0")):
            return
        self._buffer = b""
        self._server.requests.append(Request(first.split(" ")[1], headers, rest))
        answer = self._server.next_answer()
        if answer.latency_seconds:
            self._loop.call_later(answer.latency_seconds, self._play, answer)
        else:
            self._play(answer)

    def _play(self, answer: Answer) -> None:
        if self._transport.is_closing() or answer.end == "hang":
            return
        if answer.end == "reset":
            connection = cast(socket.socket, self._transport.get_extra_info("socket"))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._transport.abort()
        elif answer.drip_seconds is not None:
            self._transport.write(answer.head())
            self._drip(answer.body, answer.drip_seconds)
        else:
            self._transport.write(answer.head() + answer.body[: len(answer.body) - answer.unsent])
            if answer.end == "close":
                self._transport.close()

    def _drip(self, left: bytes, apart_seconds: float) -> None:
        if left and not self._transport.is_closing():
            self._transport.write(left[:1])
            self._loop.call_later(apart_seconds, self._drip, left[1:], apart_seconds)


@contextmanager
def openai_server(
    usual: Answer = USUAL, *, stub: OpenAIServer | None = None
) -> Iterator[OpenAIServer]:
    """A server (`stub`, where it is one of your own) on a thread and a loop of its own.

    All its connections end with it.
    """
    stub = stub or OpenAIServer(usual)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="openai-server", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(stub.listen(), loop).result()
    try:
        yield stub
    finally:
        asyncio.run_coroutine_threadsafe(stub.stop(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(port: int, latency_seconds: float) -> None:
    stub = OpenAIServer(answering(a_completion(), latency_seconds=latency_seconds))
    server = await stub.listen(port)
    sys.stdout.write(f"{stub.url}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    asked = parser.parse_args()
    asyncio.run(_serve(asked.port, asked.latency))


if __name__ == "__main__":
    main()
