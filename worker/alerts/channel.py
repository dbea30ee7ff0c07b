"""The port by which alerts leave."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from config.alerts import AlertKind
from worker.alerts.alert import Alert, iso


class State(StrEnum):
    """What is told of an alert."""

    RAISED = "raised"
    STILL = "still"  # it was told a day ago, and holds
    RESOLVED = "resolved"
    TOLD = "told"  # it has happened, and nothing ends it
    TEST = "test"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One thing to be told. `id` is the same however often it is tried: receivers may drop twins.

    `runbook`: where that page lies.
    """

    id: str
    state: State
    alert: Alert
    at: float  # when it was so, epoch seconds
    runbook: str

    @property
    def headline(self) -> str:
        """In a line: "ALERT breaker open: …"."""
        return " ".join(f"{WORDS[self.state]} {self.alert}".split())

    @property
    def link(self) -> str:
        """What to do about it."""
        return f"{self.runbook}#{self.alert.kind.anchor}"

    def document(self) -> dict[str, object]:
        """As docs/interface.md promises it to receivers; `text` is all that a chat shows."""
        return {
            "id": self.id,
            "state": str(self.state),
            "at": iso(self.at),
            "text": f"{self.headline} ({self.link})",
            "alert": self.alert.as_json(self.runbook),
        }


WORDS = {
    State.RAISED: "ALERT",
    State.STILL: "ALERT, still:",
    State.RESOLVED: "resolved:",
    State.TOLD: "",
    State.TEST: "ALERT",
}


class Undelivered(Exception):
    """The other side did not take it; says why, and holds neither a key nor an address."""


class Channel(Protocol):
    """Tells a message to whoever is at the other end.

    Promise: `tell` tries once. It returns when the other side has said that it took the message,
    and raises Undelivered otherwise, within its timeout whatever the other side does. What it
    sends holds all that `Message.document` has. Not for an event loop.
    """

    @property
    def name(self) -> str:
        """What it is called in the ledger and by `triage check`."""
        ...

    @property
    def kinds(self) -> tuple[AlertKind, ...]:
        """What it wants to hear of; none of them: everything."""
        ...

    def tell(self, message: Message) -> None: ...


def packed(message: Message) -> str:
    """As the ledger keeps it until it was told; its id is made there."""
    alert = message.alert
    kept = {"kind": alert.kind, "name": alert.name, "text": alert.text, "since": alert.since}
    return json.dumps({"state": message.state, "at": message.at, "alert": kept})


def unpacked(name: str, body: str, runbook: str) -> Message:
    """The message of that id. Raises ValueError where another version has packed it."""
    found = json.loads(body)
    try:
        alert = Alert(**{**found["alert"], "kind": AlertKind(found["alert"]["kind"])})
        state = State(found["state"])
        return Message(id=name, state=state, alert=alert, at=found["at"], runbook=runbook)
    except (KeyError, TypeError) as error:
        raise ValueError("a telling that this version cannot read") from error
