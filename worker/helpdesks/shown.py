"""What a helpdesk shows of a ticket: fields, notes, and who changed what."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tasks.ports.helpdesk import FIELDS, Traces, is_under

MACHINE = "triage-fleet"
"""The author of everything that the fleet writes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownNote:
    """An internal note. `at` is epoch seconds."""

    key: str
    author: str
    body: str
    at: float

    def as_json(self) -> dict[str, str]:
        """As `triage helpdesk show` prints it."""
        return {"key": self.key, "author": self.author, "body": self.body, "at": _iso(self.at)}


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownChange:
    """One field's step from one value to another. `at` is epoch seconds; a person's has no key."""

    at: float
    author: str
    field: str
    before: str | None
    after: str | None
    key: str | None

    def as_json(self) -> dict[str, str | None]:
        """As `triage helpdesk show` prints it."""
        return {
            "at": _iso(self.at),
            "author": self.author,
            "field": self.field,
            "from": self.before,
            "to": self.after,
            "key": self.key,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownTicket:
    """One ticket as people see it; notes and history newest last. `fields` has all of FIELDS."""

    fields: dict[str, str | None]
    notes: tuple[ShownNote, ...]
    history: tuple[ShownChange, ...]

    def traces(self, key: str) -> Traces:
        """How often each key that begins so is in it."""
        keys = [*(change.key for change in self.history), *(note.key for note in self.notes)]
        return Traces(
            counts=Counter(one for one in keys if one and is_under(one, key)),
            last={change.field: change.key for change in self.history},
            chosen={
                change.field: change.after for change in self.history if change.author != MACHINE
            },
        )

    def chosen(self) -> dict[str, ShownChange]:
        """For each field that a person has set last: how."""
        last = {change.field: change for change in self.history}
        return {name: change for name, change in last.items() if change.author != MACHINE}

    def as_json(self) -> dict[str, Any]:
        """As `triage helpdesk show` prints it; every `at` in ISO 8601, UTC."""
        return {
            "fields": {name: self.fields[name] for name in FIELDS},
            "notes": [note.as_json() for note in self.notes],
            "history": [change.as_json() for change in self.history],
        }


def untouched(fields: dict[str, str | None], history: tuple[ShownChange, ...]) -> dict[str, str]:
    """The fields with a value that no person chose: the only ones that a new triage may replace."""
    last = {change.field: change.author for change in history}
    return {
        name: value
        for name, value in fields.items()
        if value is not None and last.get(name, MACHINE) == MACHINE
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
