"""Helpdesks with one open ticket, and what a person does there; conftest.py has the fixtures."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from config.helpdesk import TheirField
from tasks.ports.helpdesk import Capabilities, Helpdesk
from tasks.ticket import ExternalId
from tests.contracts.desks import T1, AnyHelpdesk, made
from tests.servers.roundup import TOKEN, Tracker
from tests.servers.rt import Rt
from worker.clock import SystemClock
from worker.helpdesks.roundup.helpdesk import RoundupHelpdesk
from worker.helpdesks.rt.helpdesk import RtHelpdesk

ADA = "ada"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One field's step, as the helpdesk's own history has it."""

    author: str
    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """The ticket as people see it, read past the connector; notes are texts, newest last."""

    fields: Mapping[str, str | None]
    notes: tuple[tuple[str, str], ...]  # author, text
    history: tuple[Change, ...]


class Stage(Protocol):
    """One helpdesk, its open ticket in the queue `inbox`, and people."""

    ticket: ExternalId
    nobody: ExternalId

    @property
    def helpdesk(self) -> Helpdesk:
        """What is tested."""
        ...

    def edit(self, field: str, value: str) -> None:
        """Ada sets a field."""

    def close_ticket(self) -> None:
        """Ada closes it."""

    def make_queue(self, name: str) -> None:
        """An administrator makes a queue."""

    def page(self) -> Page:
        """What people see."""
        ...


class OurStage:
    """The embedded helpdesk or its twin."""

    nobody = ExternalId("T-404")
    ticket = T1

    def __init__(self, kind: str, folder: Path, capabilities: Capabilities) -> None:
        self.desk = made(kind, folder, capabilities)

    @property
    def helpdesk(self) -> AnyHelpdesk:
        return self.desk

    def edit(self, field: str, value: str) -> None:
        assert self.desk.edit(T1, field, value, ADA)

    def close_ticket(self) -> None:
        assert self.desk.close_ticket(T1)

    def make_queue(self, name: str) -> None:
        """Any text is one."""

    def page(self) -> Page:
        shown = self.desk.show(T1)
        assert shown is not None
        return Page(
            fields=shown.fields,
            notes=tuple((note.author, note.body) for note in shown.notes),
            history=tuple(
                Change(author=one.author, field=one.field, before=one.before, after=one.after)
                for one in shown.history
            ),
        )


class RtStage:
    """A Request Tracker, read as its root does."""

    nobody = ExternalId("404404")

    def __init__(self, rt: Rt, ticket: ExternalId | None = None) -> None:
        self.rt = rt
        self._desk = RtHelpdesk(rt.config, rt.token, SystemClock())
        self.ticket = ticket or self._opened()

    def _opened(self) -> ExternalId:
        new = {"Queue": "inbox", "Subject": "My card is lost"}
        return ExternalId(str(self.rt.ask("POST", "/ticket", body=new)["id"]))

    @property
    def helpdesk(self) -> RtHelpdesk:
        return self._desk

    def edit(self, field: str, value: str) -> None:
        theirs = self.rt.config.fields[field]  # type: ignore[index]  # a name of ours
        given = theirs.theirs(value)
        core = field in {"queue", "priority"}
        body = {theirs.name: given} if core else {"CustomFields": {theirs.name: given}}
        assert self.rt.ada.put(f"/ticket/{self.ticket}", json=body).is_success

    def close_ticket(self) -> None:
        found = self.rt.ada.put(f"/ticket/{self.ticket}", json={"Status": "resolved"})
        assert found.is_success

    def make_queue(self, name: str) -> None:
        self.rt.ask("POST", "/queue", body={"Name": name})

    def page(self) -> Page:
        shown = self.rt.ask("GET", f"/ticket/{self.ticket}", **{"fields[Queue]": "Name"})
        held = {"Queue": shown["Queue"]["Name"], "Priority": shown["Priority"]}
        for one in shown["CustomFields"]:
            held[one["name"]] = (one["values"] or [None])[0]
        names = {field.name: name for name, field in self.rt.config.fields.items()}
        numbers = {str(one["id"]): names.get(one["name"]) for one in shown["CustomFields"]}
        entries = self._history()
        return Page(
            fields={ours: self._ours(ours, held[theirs]) for theirs, ours in names.items()},
            notes=tuple(self._note(one) for one in entries if one["Type"] == "Comment"),
            history=tuple(
                Change(
                    author=one["Creator"]["id"],
                    field=name,
                    before=self._ours(name, one["OldValue"]),
                    after=self._ours(name, one["NewValue"]),
                )
                for one in entries
                if one["Type"] in {"Set", "CustomField"}
                and (name := numbers.get(one["Field"], names.get(one["Field"])))
            ),
        )

    def _history(self) -> list[dict[str, Any]]:
        fields = "Type,Field,OldValue,NewValue,Creator"
        found = self.rt.ask("GET", f"/ticket/{self.ticket}/history", fields=fields, per_page=100)
        items: list[dict[str, Any]] = found["items"]
        return items

    def _ours(self, name: str, value: str | None) -> str | None:
        if value and name == "queue" and value.isdecimal():
            value = self.rt.ask("GET", f"/queue/{value}")["Name"]
        fields: Mapping[Any, TheirField] = self.rt.config.fields
        return fields[name].ours(value) if value else None

    def _note(self, entry: Mapping[str, Any]) -> tuple[str, str]:
        path = f"/transaction/{entry['id']}/attachments"
        [text] = self.rt.ask("GET", path, fields="Content")["items"]
        return entry["Creator"]["id"], text["Content"]


class RoundupStage:
    """A Roundup tracker; its history is read from its own database, for REST does not show it."""

    nobody = ExternalId("404404")

    def __init__(self, tracker: Tracker, ticket: ExternalId | None = None) -> None:
        self._tracker = tracker
        self._desk = RoundupHelpdesk(tracker.config, TOKEN, SystemClock())
        self.ticket = ticket or ExternalId(tracker.opened("My card is lost", "I lost it"))
        self._fields: Mapping[Any, TheirField] = tracker.config.fields

    @property
    def helpdesk(self) -> RoundupHelpdesk:
        return self._desk

    def edit(self, field: str, value: str) -> None:
        theirs = self._fields[field]
        self._tracker.changed(self.ticket, {theirs.name: theirs.theirs(value)})

    def close_ticket(self) -> None:
        self._tracker.changed(self.ticket, {"status": "resolved"})

    def make_queue(self, name: str) -> None:
        with self._tracker.client("admin") as admin:
            found = admin.post("/queue", json={"name": name})
        assert found.is_success, found.text

    def page(self, *, with_history: bool = True) -> Page:
        asked = {"issue": self.ticket, "@fields": "content,creator", **DEEP}
        notes = self._tracker.ask("GET", "/triage_note", **asked)["collection"]
        names = {field.name: name for name, field in self._fields.items()}
        now = self._tracker.ask("GET", f"/issue/{self.ticket}", **DEEP)["attributes"]
        held = {ours: self._ours(ours, now[theirs]) for theirs, ours in names.items()}
        changes, after = list[Change](), dict(held)
        steps = self._tracker.history(self.ticket) if with_history else []
        for author, before in reversed(steps):
            for theirs, value in before.items():
                if ours := names.get(theirs):
                    old = self._ours(ours, value)
                    changes.append(Change(author=author, field=ours, before=old, after=after[ours]))
                    after[ours] = old
        return Page(
            fields=held,
            notes=tuple((one["creator"]["username"], one["content"]) for one in notes),
            history=tuple(reversed(changes)),
        )

    def _ours(self, name: str, value: Any) -> str | None:  # noqa: ANN401 - JSON, or a number of it
        if isinstance(value, Mapping):
            value = value["name"]
        elif value and name in {"queue", "priority"}:
            value = self._tracker.ask("GET", f"/{name}/{value}")["attributes"]["name"]
        return self._fields[name].ours(value) if value else None


DEEP = {"@verbose": "3"}
