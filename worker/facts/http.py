"""Customer facts from a service that answers in JSON."""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from urllib.parse import quote

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar
from aiohttp.connector import TCPConnector
from yarl import URL

from config.facts import PLACES, Fact, FactKind, Http
from tasks.errors import CredentialRefused, FactsDown
from worker.facts.reading import read_document
from worker.facts.source import Found, Reply, Who
from worker.version import VERSION

OK = 200
REFUSED = frozenset({401, 402, 403})


class HttpFacts:
    """Keeps the promise of worker.facts.source.

    What is asked lies under the address in config, whatever a customer calls themselves: keys are
    escaped, and no redirect is followed. An answer is read as far as `most_bytes`.
    """

    def __init__(
        self, name: str, source: Http, facts: Mapping[FactKind, Fact], secrets: Mapping[str, str]
    ) -> None:
        """`secrets`: headers by name, as they are sent."""
        self._name = name
        self._source = source
        self._facts = facts
        self._credential = next(iter(source.secret_headers.values()), None)
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # what is small on the way may be large in memory
            "User-Agent": f"triage-fleet/{VERSION}",
            **source.headers,
            **secrets,
        }
        self._session: ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def ask(self, kind: FactKind, who: Who) -> Reply:
        """One GET."""
        fact, told = self._facts[kind], f"{self._name}, {kind}"
        try:
            async with self._opened().get(
                self._url(fact, who, told),
                allow_redirects=False,
                timeout=ClientTimeout(),  # whoever asks counts the seconds
            ) as answer:
                if answer.status in fact.unknown_status:
                    return lambda: Found(())
                self._refuse(answer, told)
                raw = await self._body(answer, told)
        except (ClientError, OSError, ValueError) as error:
            message = f"{told}: no answer ({type(error).__name__})"
            raise FactsDown(message) from error
        return partial(read_document, kind, fact, _parsed(raw, told), who)

    async def aclose(self) -> None:
        """Ends its connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> ClientSession:
        """The session of this event loop."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop = loop
            self._session = ClientSession(
                headers=self._headers,
                connector=TCPConnector(limit=self._source.connections),
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                trust_env=True,  # the proxy of this machine, as everything else here
            )
        return self._session

    def _url(self, fact: Fact, who: Who, told: str) -> URL:
        keys = {"email": who.email, "customer_id": who.customer_id or ""}
        if any(keys[key] in ("", ".", "..") for key in fact.asked_by):
            message = f"{told}: this customer has no name that a path can hold"
            raise FactsDown(message)
        path = PLACES.sub(lambda place: quote(keys[place[1]], safe=""), fact.path)
        base = URL(self._source.url.rstrip("/"))
        url = URL(f"{base}{path}", encoded=True)
        if url.origin() != base.origin():
            message = f"{told}: the path leads to another host"
            raise FactsDown(message)
        return url

    def _refuse(self, answer: ClientResponse, told: str) -> None:
        status = answer.status
        if status == OK:
            return
        if status in REFUSED and self._credential:
            message = f"{told}: {status}, it refuses {self._credential}"
            raise CredentialRefused(message, credential=self._credential)
        hint = ""
        if status == NOT_FOUND:
            hint = ": where that means that there is no such customer, say unknown_status = [404]"
        elif 300 <= status < 400:  # noqa: PLR2004 - redirects
            hint = ": redirects are not followed, so give the address that it leads to"
        message = f"{told}: it answered {status}{hint}"
        raise FactsDown(message)

    async def _body(self, answer: ClientResponse, told: str) -> bytes:
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            message = f"{told}: it answered packed, which it was not asked for"
            raise FactsDown(message)
        parts, length = [], 0
        async for part in answer.content.iter_any():
            length += len(part)
            if length > self._source.most_bytes:
                message = f"{told}: it answered more than {self._source.most_bytes} bytes"
                raise FactsDown(message)
            parts.append(part)
        return b"".join(parts)


NOT_FOUND = 404


def _parsed(raw: bytes, told: str) -> object:
    """JSON as its standard has it; numbers are kept as they are written."""
    try:
        document: object = json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError) as error:
        message = f"{told}: what it answered is no JSON"
        raise FactsDown(message) from error
    return document


def _no_number(said: str) -> object:
    """For NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(said)
