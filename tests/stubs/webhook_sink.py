"""A receiver of webhooks on loopback: it keeps what was posted, and answers as it is told to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

DRIP_SECONDS = 0.2


@dataclass(slots=True)
class WebhookSink:
    """What arrived: each document with its headers. `answers` is the status; 0 hangs, -1 drips."""

    url: str = ""
    answers: int = 200
    documents: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: int = 0
    closing: threading.Event = field(default_factory=threading.Event)


def _answers_for(sink: WebhookSink) -> type[BaseHTTPRequestHandler]:
    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sink.asked += 1
            status = sink.answers
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            if status in range(200, 300):
                sink.documents.append(json.loads(body))
                sink.headers.append({name.lower(): value for name, value in self.headers.items()})
            if status == 0:
                sink.closing.wait(30)
            elif status < 0:
                self._drip()
            else:
                self.send_response(status)
                self.send_header("location", sink.url)
                self.send_header("content-length", "0")
                self.end_headers()

        def _drip(self) -> None:
            """Never silent for long, and never through."""
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not sink.closing.is_set():
                    self.wfile.write(b"x: y\r\n")
                    time.sleep(DRIP_SECONDS)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Answers


@contextmanager
def webhook_sink() -> Iterator[WebhookSink]:
    """It listens until the end."""
    sink = WebhookSink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answers_for(sink))
    server.daemon_threads = True
    sink.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=SECRET"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield sink
    finally:
        sink.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
