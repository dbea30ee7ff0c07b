"""The one way out: sends at most one HTTP request for a question, on aiohttp's connections.

litellm's own client sends a request again when the connection breaks, follows redirects, and takes
twice and a half the CPU time. Imports litellm: seconds.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from time import monotonic

import aiohttp
import httpx
from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler, get_ssl_configuration

from worker.models.exchange import CURRENT, Exchange
from worker.models.mending import mend
from worker.models.way import proxy_for

MOST_BYTES = 2 * 1024 * 1024
"""Of an answer's body; a completion has some thousand. What is longer is cut, and so is garbage."""

KEEP_SECONDS = 20.0
"""An idle connection is kept so long: less than most servers do, so none ends as it is used."""

OURS = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding"})
"""Headers that aiohttp writes itself."""

PASSED_ON = ("content-type", "retry-after", "retry-after-ms")
"""Headers of an answer that its readers need; litellm spends time on each."""


class OneRequest(AsyncHTTPHandler):  # type: ignore[misc]  # litellm's types are not followed
    """The client for every provider that litellm speaks to itself: all but Azure.

    `client`, inherited, is an httpx client over the same connections, for OpenAI's SDK.
    """

    def __init__(self, proxies: Mapping[str, str]) -> None:
        """Needs the running loop. `proxies` is as urllib.request.getproxies returns them."""
        self._wire = _Wire(proxies)
        super().__init__(transport=_Transport(self._wire), follow_redirects=False)

    async def close(self) -> None:
        """Closes every connection."""
        await super().close()
        await self._wire.close()

    async def post(
        self,
        url: str,
        *,
        data: str | bytes | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        **_: object,
    ) -> httpx.Response:
        """The answer, whole. Raises httpx.HTTPError where it is none or not a success."""
        body = _bytes(data) if data is not None else _json(json)
        answer = await self._wire.send(url, headers or {}, body)
        if not answer.is_success:
            message = f"HTTP {answer.status_code}"
            raise httpx.HTTPStatusError(message, request=answer.request, response=answer)
        return answer


class _Transport(httpx.AsyncBaseTransport):
    """The same for clients that stand on httpx."""

    def __init__(self, wire: "_Wire") -> None:
        self._wire = wire

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: text for name, text in request.headers.items() if name not in OURS}
        return await self._wire.send(str(request.url), headers, await request.aread())


class _Wire:
    """Connections without a limit of their own: who asks is limited already."""

    def __init__(self, proxies: Mapping[str, str]) -> None:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEP_SECONDS, ssl=get_ssl_configuration()
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": "triage-fleet"},
        )
        # aiohttp's own trust_env looks again for each request: 1 ms.
        self._proxy = lru_cache(lambda url: proxy_for(url, proxies))

    async def send(self, url: str, headers: Mapping[str, str], body: bytes) -> httpx.Response:
        """The answer to the one request of this exchange.

        Raises SecondRequest, httpx.ReadError, and what whoever asks has to say against it by now.
        """
        exchange = CURRENT.get()
        exchange.send()
        began = monotonic()
        timeout = exchange.left(began)
        try:
            async with self._session.post(
                url,
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(
                    total=timeout,
                    ceil_threshold=math.inf,  # else it ticks in whole seconds above 5 s
                ),
                allow_redirects=False,
                proxy=self._proxy(url),
            ) as answer:
                exchange.body = await _read(answer)
                # Only now: half an answer is none.
                exchange.status, exchange.headers = answer.status, answer.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            exchange.broken = _lost(error)
            exchange.connected = not isinstance(error, aiohttp.ClientConnectorError)
            if isinstance(error, TimeoutError):
                exchange.time_is_up(late=monotonic() - began - timeout)
            raise httpx.ReadError(exchange.broken) from None
        return _answer(exchange)

    async def close(self) -> None:
        """Closes every connection."""
        await self._session.close()


def _lost(error: Exception) -> str:
    """What became of the line. Never an error's own text: it may hold the URL, and that a key."""
    kind = type(getattr(error, "os_error", error)).__name__
    if isinstance(error, aiohttp.ClientConnectorError):
        return f"no connection to {error.host}:{error.port} ({kind})"
    return kind


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    left = MOST_BYTES
    async for part in answer.content.iter_any():
        parts.append(part[:left])
        left -= len(part)
        if left <= 0:
            answer.close()
            break
    return b"".join(parts)


def _answer(exchange: Exchange) -> httpx.Response:
    headers = {name: text for name in PASSED_ON if (text := exchange.headers.get(name)) is not None}
    return httpx.Response(
        exchange.status or 0, headers=headers, content=_shown(exchange), request=ANONYMOUS
    )


def _shown(exchange: Exchange) -> bytes:
    """A completion, or nothing: litellm quotes all else, and searches it for secrets first.

    That search takes 7 s for 2 MB, on the loop. What the body says, the exchange keeps.
    """
    if not exchange.succeeded:
        return b""
    try:
        document = json.loads(exchange.body)
    except (ValueError, RecursionError):
        return b""
    if not isinstance(document, dict) or document.get("error"):
        return b""
    return _json(document) if mend(document) else exchange.body


ANONYMOUS = httpx.Request("POST", "http://provider")
"""The request that an answer names: httpx wants one, and the real one has a key in it."""


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _json(document: object) -> bytes:
    return json.dumps(document).encode()
