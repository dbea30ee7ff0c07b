"""A request as it came over the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

HEAD_END = b"\r\n\r\n"
MOST_HEAD = 64 * 1024
MOST_BODY = 64 * 1024 * 1024
"""Bytes; whoever sends more is hung up on."""


class Unreadable(Exception):
    """What came is no HTTP request that this server can take."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What arrived. Each is itself alone: two that say the same are still two."""

    target: str
    headers: Mapping[str, str]  # names in lower case
    raw: bytes
    method: str = "POST"

    @property
    def path(self) -> str:
        """Without the query, and without the host that a proxy is told."""
        if "://" in self.target:
            return urlsplit(self.target).path
        return self.target.partition("?")[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The first value of each name."""
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: values[0] for name, values in found.items()}

    def json(self) -> dict[str, Any]:
        """The body. Raises ValueError where it is not JSON."""
        return cast(dict[str, Any], json.loads(self.raw))


def taken(buffer: bytes) -> tuple[Request, bytes] | None:
    """The first request in the buffer and what follows it; None while it is not whole.

    Raises Unreadable.
    """
    head, found, rest = buffer.partition(HEAD_END)
    if not found:
        if len(buffer) > MOST_HEAD:
            raise Unreadable
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    size = _length(headers)
    if len(rest) < size:
        return None
    method, _, target = first.rpartition(" ")[0].partition(" ")
    return Request(target, headers, rest[:size], method), rest[size:]


def _length(headers: Mapping[str, str]) -> int:
    said = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not said.isdecimal() or int(said) > MOST_BODY:
        raise Unreadable
    return int(said)
