"""The ticket as intake understood it: parsed once, frozen, without any label."""

import hashlib
from datetime import datetime
from typing import Literal, NewType

from pydantic import BaseModel, ConfigDict, Field

ExternalId = NewType("ExternalId", str)
"""A ticket's id in the system it comes from."""


class Value(BaseModel):
    """A frozen value that can be written down as JSON and read back."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Requester(Value):
    """Who wrote."""

    email: str
    name: str = ""


class Turn(Value):
    """One earlier message of the conversation."""

    author: Literal["customer", "agent"]
    body: str
    quoted: str = ""  # the message whole, where history or a signature was split off
    at: datetime | None = None


class Ticket(Value):
    """What a customer brought, with the turns before it, oldest first."""

    id: ExternalId
    subject: str
    body: str
    channel: str
    requester: Requester
    created_at: datetime
    thread: tuple[Turn, ...] = ()
    fields: dict[str, str] = Field(
        default_factory=dict
    )  # what the helpdesk held when intake read it
    quoted: str = ""  # as of a turn
    language: str | None = None  # ISO 639-1, where the source declares it

    def said(self) -> tuple[str, ...]:
        """The customer's own words, turn by turn, oldest first; nothing that an agent wrote."""
        earlier = (turn.body for turn in self.thread if turn.author == "customer")
        return tuple(text for text in (*earlier, self.subject, self.body) if text.strip())

    def as_json(self) -> str:
        """As it is kept: what says nothing is left out, for a version that does not know it yet."""
        return self.model_dump_json(exclude_defaults=True)

    def digest(self) -> str:
        """Hash of what the customer said: the same for everything but a new customer message."""
        words = "\x1e".join(self.said())
        return hashlib.sha256(words.encode()).hexdigest()
