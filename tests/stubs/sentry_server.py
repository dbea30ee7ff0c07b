"""A Sentry on loopback: takes envelopes as the SDK sends them, and keeps what was in them.

https://develop.sentry.dev/sdk/data-model/envelopes/ says how they are written.
"""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENVELOPES = "/api/1/envelope/"
KEY = "0123456789abcdef0123456789abcdef"


@dataclass(slots=True)
class SentryServer:
    """What arrived: `raw` has each envelope unpacked, `events` the events in them."""

    dsn: str = ""
    raw: list[bytes] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def take(self, envelope: bytes) -> None:
        """Reads one envelope: a header, then items of a header and a payload each."""
        self.raw.append(envelope)
        _, _, rest = envelope.partition(b"\n")
        while rest.strip():
            head, _, rest = rest.partition(b"\n")
            item = json.loads(head)
            size = item.get("length", rest.find(b"\n") if b"\n" in rest else len(rest))
            payload, rest = rest[:size], rest[size + 1 :]
            if item["type"] == "event":
                self.events.append(json.loads(payload))


def _answers_for(stub: SentryServer) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers.get("content-length", "0"))
            body = self.rfile.read(size)
            is_known = self.path == ENVELOPES and KEY in self.headers.get("x-sentry-auth", "")
            if is_known:
                packed = self.headers.get("content-encoding") == "gzip"
                stub.take(gzip.decompress(body) if packed else body)
            self.send_response(200 if is_known else 404)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Answers


@contextmanager
def sentry_server() -> Iterator[SentryServer]:
    """A server on threads of its own; it is gone at the end."""
    stub = SentryServer()
    with ThreadingHTTPServer(("127.0.0.1", 0), _answers_for(stub)) as server:
        stub.dsn = f"http://{KEY}@127.0.0.1:{server.server_port}/1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()
