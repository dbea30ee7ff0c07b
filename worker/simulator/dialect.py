"""A provider's protocol: how it is asked, how it answers, and how it says what is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol

from tasks.ports.model import Usage

Document = Mapping[str, Any]

Stop = Literal["whole", "cut", "filtered", "refused"]
"""Why a model's answer ended: it was done, it had no tokens left, a filter or itself stopped it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question, whoever's protocol it came in."""

    model: str
    rules: str  # what the system was told
    question: str  # the first thing that the user said
    more: int  # characters of all later turns
    schema: Mapping[str, Any] | None  # JSON schema of the answer
    tool: str | None = None  # the answer is wanted as a call of this tool


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the model says to it."""

    id: str
    model: str  # as the answer names it
    text: str | None
    usage: Usage | None  # None: the answer leaves it out
    stop: Stop = "whole"


class Trouble(StrEnum):
    """What is wrong, whatever its name in a protocol."""

    RATE = "rate"
    QUOTA = "quota"
    KEY = "key"
    PAYMENT = "payment"
    FORBIDDEN = "forbidden"
    MODEL = "model"
    REJECTED = "rejected"
    CONTEXT = "context"
    FILTERED = "filtered"
    SERVER = "server"
    OVERLOADED = "overloaded"


class Dialect(Protocol):
    """One protocol. Promise: what it makes has the form that the provider's reference shows."""

    def asked(self, document: Document, path: str) -> Asked:
        """The question. Raises ValueError, TypeError, LookupError or AttributeError: it is none."""
        ...

    def completion(self, said: Said, asked: Asked) -> Document: ...

    def nothing(self, said: Said) -> Document:
        """A completion without any choice."""
        ...

    def complaint(self, trouble: Trouble, status: int, model: str) -> tuple[int, Document]:
        """Its own status, where the protocol has one for this trouble, and the body."""
        ...


def text_of(content: object) -> str:
    """The text of a message that is a string, or of the parts that it is made of."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return "".join(part.get("text") or "" for part in content if isinstance(part, dict))
