"""A proxy that loses what passes through it; reads are left alone."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import TypeVar

import httpx

WRITES = ("/comment", "/triage_note")
"""Ends of paths that are posted to in order to change something; everything else posted asks."""

HOP = {"transfer-encoding", "connection", "content-length", "content-encoding", "host"}
LATEST = 2.0
"""Seconds after which a request arrives whose sender has given up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Odds:
    """How likely each mishap of a request that changes something is."""

    deaf: float = 0.28  # it takes effect, and the answer is lost
    late: float = 0.05  # the answer is lost at once, and it takes effect later
    lost: float = 0.05  # it never arrives
    busy: float = 0.03  # 503, without any effect


@dataclass(kw_only=True)
class Proxy:
    """Where it listens, and what it has done."""

    upstream: str
    chance: Random
    odds: Odds = field(default_factory=Odds)
    is_fair: bool = True
    retry_after: int = 1  # seconds, of what is turned away
    played: Counter[str] = field(default_factory=Counter)
    port: int = 0
    client: httpx.Client = field(
        default_factory=lambda: httpx.Client(timeout=20, limits=httpx.Limits(max_connections=64))
    )

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def lost_answers(self) -> int:
        """Of requests that took effect, or may have."""
        return self.played["deaf"] + self.played["late"]

    def draw(self, method: str, path: str) -> str:
        """What becomes of a request."""
        changes = method in {"PUT", "PATCH"} or path.split("?", maxsplit=1)[0].endswith(WRITES)
        if self.is_fair or not changes:
            return "fair"
        roll = self.chance.random()
        for name in ("deaf", "late", "lost", "busy"):
            if roll < (odds := getattr(self.odds, name)):
                return name
            roll -= odds
        return "fair"

    def forward(self, request: "_Handler", body: bytes) -> httpx.Response | None:
        """The answer; None where there is none."""
        headers = {
            name: text.replace(self.url, self.upstream)  # an origin has to be the helpdesk's own
            for name, text in request.headers.items()
            if name.lower() not in HOP
        }
        try:
            return self.client.request(
                request.command, f"{self.upstream}{request.path}", headers=headers, content=body
            )
        except httpx.HTTPError:
            return None


Playing = TypeVar("Playing", bound=Proxy)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def _proxy(self) -> Proxy:
        assert isinstance(self.server, _Server)
        return self.server.proxy

    def _pass(self) -> None:
        proxy = self._proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        what = proxy.draw(self.command, self.path)
        proxy.played[what] += 1
        match what:
            case "busy":
                self._answer(503, {}, b"")
            case "full":
                self._answer(429, {"Retry-After": str(proxy.retry_after)}, b"")
            case "hidden":
                self._answer(403, {}, b"{}")
            case "lost":
                self.close_connection = True
            case "late":
                threading.Thread(target=self._later, args=(body,), daemon=True).start()
                self.close_connection = True
            case _:
                found = proxy.forward(self, body)
                if found is None or what == "deaf":
                    self.close_connection = True
                    return
                self._answer(found.status_code, dict(found.headers), found.content)

    do_GET = do_POST = do_PUT = do_PATCH = _pass  # noqa: N815 - as http.server has it

    def _later(self, body: bytes) -> None:
        time.sleep(self._proxy.chance.uniform(0, LATEST))
        self._proxy.forward(self, body)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, text in headers.items():
            if name.lower() not in HOP:
                self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: Proxy


@contextmanager
def between(upstream: str, seed: int) -> Iterator[Proxy]:
    """A proxy in front of that address; fair until it is told otherwise."""
    with serving(Proxy(upstream=upstream, chance=Random(seed))) as proxy:
        yield proxy


@contextmanager
def serving(proxy: Playing) -> Iterator[Playing]:
    """It listens meanwhile."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.proxy = proxy
        proxy.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            server.shutdown()
            proxy.client.close()
