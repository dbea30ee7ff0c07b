"""What a provider says is wrong, in the words that it has for programs."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_CHARACTERS = 300
"""Of a complaint's text: what it is about stands first, what it quotes comes later."""

FIELDS = ("code", "type", "status", "reason")
WORD = re.compile(r"[A-Za-z_]{3,40}")
"""Letters only: neither a key nor a quoted ticket passes for a code."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """The error in an answer's body.

    `text` (lower case) may quote the prompt or the key: it is searched for phrases, never shown.
    """

    codes: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    status: int | None = None  # an HTTP status that stands in the body, as OpenRouter sends it

    @classmethod
    def read(cls, body: bytes | str) -> "Complaint":
        """Reads what OpenAI, Anthropic, Google and those who copy them send; takes anything."""
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return cls()
        error = _error(document)
        text = error.get("message")
        return cls(
            codes=tuple(dict.fromkeys(_codes(error))),
            text=text[:MOST_CHARACTERS].lower() if isinstance(text, str) else "",
            status=_status(error),
        )


def _error(document: object) -> Mapping[str, Any]:
    """The object that describes the error; Google sends it in a list, vLLM without a wrap."""
    if isinstance(document, list):
        return _error(document[0]) if document else {}
    if not isinstance(document, dict):
        return {}
    wrapped = document.get("error")
    if isinstance(wrapped, dict):
        return wrapped
    return document if document.get("object") == "error" else {}


def _codes(error: Mapping[str, Any]) -> Iterator[str]:
    details = error.get("details")
    for part in (error, error.get("innererror"), *(details if isinstance(details, list) else ())):
        if isinstance(part, dict):
            for name in FIELDS:
                if isinstance(code := part.get(name), str) and WORD.fullmatch(code):
                    yield code


def _status(error: Mapping[str, Any]) -> int | None:
    code = error.get("code")
    return code if isinstance(code, int) and 400 <= code < 600 else None  # noqa: PLR2004 - HTTP
