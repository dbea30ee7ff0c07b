"""Our fields and values in Request Tracker's names, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from config.helpdesk import FieldName, RequestTracker, TheirField
from tasks.ports.helpdesk import FIELDS
from worker.helpdesks.rt.client import Shown, Transaction

CORE = ("Queue", "Priority", "Subject", "Status", "Owner")
"""Fields that are RT's own; every other name is a custom field's."""

SET, CUSTOM = "Set", "CustomField"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one RT."""

    config: RequestTracker

    def held(self, shown: Shown) -> dict[str, str | None]:
        """All of FIELDS, in our values."""
        return {name: self._held(self._of(name), shown) for name in FIELDS}

    def request(self, values: Mapping[str, str | None]) -> dict[str, object]:
        """What is sent to set these values; a field of RT's own that was empty held a zero."""
        core: dict[str, object] = {}
        custom: dict[str, str] = {}
        for name, value in values.items():
            field = self._of(name)
            place: dict[str, object] | dict[str, str] = core if field.name in CORE else custom
            place[field.name] = field.theirs(value or "")
        return {**core, "CustomFields": custom} if custom else core

    def changes(self, entry: Transaction, shown: Shown) -> tuple[FieldName, ...]:
        """The name of our field that this entry changes, or nothing."""
        for name, field in self.config.fields.items():
            if entry.type == SET and field.name in CORE and entry.field == field.name:
                return (name,)
            if entry.type == CUSTOM and entry.field == shown.numbers.get(field.name):
                return (name,)
        return ()

    def marks(self, entry: Transaction, shown: Shown) -> bool:
        """Whether this entry says under which key the next ones are made."""
        return entry.type == CUSTOM and entry.field == shown.numbers.get(self.config.key)

    def _of(self, name: str) -> TheirField:
        known: Mapping[Any, TheirField] = self.config.fields
        return known[name]

    def _held(self, field: TheirField, shown: Shown) -> str | None:
        if field.name == "Queue":
            value = shown.raw["Queue"].get("Name")
        elif field.name in CORE:
            value = shown.raw[field.name]
        else:
            value = shown.custom.get(field.name)
        return field.ours(value) if value else None
