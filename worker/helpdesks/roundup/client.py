"""Questions to a Roundup tracker's REST interface, and its answers as values."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

from config.helpdesk import Roundup, TheirField
from tasks.errors import HelpdeskDown, Rejected
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import FIELDS
from tasks.ticket import ExternalId
from worker.helpdesks.feed import STAMP, Change
from worker.helpdesks.kept import Kept
from worker.helpdesks.rest import Answer, Rest

PAGE = 50
KEPT = 2_000  # messages, by one process
LABELS = 2  # how much it tells of what is linked: its name
CONTENT = 3  # and the text of a message
CONFLICT = 409
UNSET = "-1"
OURS = "triage_keys"
NOTES = "triage_note"
EXPECTS = "triage_expects"
MOVED = frozenset({404, 412})
REJECTED = 405  # by what a tracker has put before its changes


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """An issue as Roundup shows it; what is linked, by its name."""

    id: str
    status: str
    etag: str
    attributes: Mapping[str, Any]

    @property
    def keys(self) -> tuple[str, ...]:
        """Under which it was written to, oldest first."""
        return tuple((self.attributes.get(OURS) or "").split())

    def held(self, fields: Mapping[Any, TheirField]) -> dict[str, str | None]:
        """All of FIELDS, in our values."""
        values = {name: self._text(fields[name].name) for name in FIELDS}
        return {name: fields[name].ours(text) if text else None for name, text in values.items()}

    def _text(self, name: str) -> str | None:
        value = self.attributes.get(name)
        return value.get("name") if isinstance(value, Mapping) else value


class RoundupClient:
    """One tracker, seen by one user. Every method blocks, from any thread; errors as of Rest."""

    def __init__(self, config: Roundup, token: str, clock: Clock) -> None:
        """`token` is USER:PASSWORD."""
        self.config = config
        self._messages: dict[str, Mapping[str, Any]] = {}
        self._linked = Kept[Mapping[str, set[str]]](clock)
        base = config.url.rstrip("/")
        self._rest = Rest(
            f"{base}/rest/data",
            # Roundup refuses what could be another site's form: it must say where it comes from.
            headers={
                "Authorization": f"Basic {b64encode(token.encode()).decode()}",
                "X-Requested-With": "rest",
                "Origin": "/".join(base.split("/")[:3]),
                "Referer": f"{base}/",
            },
            credential=config.credential,
            proof="/issue?@page_size=1",
            timeout_seconds=config.timeout_seconds,
            clock=clock,
        )

    def close(self) -> None:
        """Ends the connections."""
        self._rest.close()

    def issue(self, ticket: ExternalId) -> Issue | None:
        """The issue of that number; None where there is none."""
        if not ticket.isdecimal():
            return None
        params: dict[str, str | int] = {"@verbose": LABELS, "@fields": ",".join(self._fields())}
        answer = self._ask("GET", f"/issue/{ticket}", params=params, expected={404, 410})
        if answer.status in {404, 410}:
            return None
        data = _data(answer)
        attributes = data["attributes"]
        status = attributes.get("status") or {}
        return Issue(
            id=str(data["id"]),
            status=status.get("name", ""),
            etag=data["@etag"].strip('"'),
            attributes=attributes,
        )

    def update(
        self,
        ticket: ExternalId,
        values: Mapping[str, str],
        *,
        etag: str,
        expects: Mapping[str, str | None],
    ) -> bool:
        """Sets all of them or none, in one step.

        False where it has another etag, is gone, or a property holds something else than `expects`:
        that is looked at under the tracker's lock, by what our set-up has put there.
        """
        condition = {"If-Match": f'"{etag}"'}
        answer = self._ask(
            "PATCH",
            f"/issue/{ticket}",
            body={**values, EXPECTS: json.dumps(expects)},
            headers=condition,
            expected={*MOVED, REJECTED},
        )
        if answer.status == REJECTED and EXPECTS not in str(answer.body):
            raise Rejected(f"the issue {ticket} is not taken: {answer.body!r:.200}")
        return answer.status not in {*MOVED, REJECTED}

    def note(self, ticket: ExternalId, key: str, body: str) -> None:
        """Adds a note; one that is there under this key stays as it is."""
        note = {"key": key, "issue": ticket, "content": body}
        answer = self._ask("POST", f"/{NOTES}", body=note, expected={CONFLICT})
        if answer.status == CONFLICT and key not in self.note_keys(ticket):
            raise Rejected(f"the note {key} is not taken: {answer.body!r:.200}")

    def note_keys(self, ticket: ExternalId) -> list[str]:
        """The key of every note of an issue."""
        params = {"issue": ticket, "@fields": "key"}
        found = _data(self._ask("GET", f"/{NOTES}", params=params))
        return [one["key"] for one in found["collection"]]

    def message(self, number: str) -> Mapping[str, Any]:
        """A message with its text; it does not change any more, so the newest are kept."""
        if number not in self._messages:
            if len(self._messages) >= KEPT:
                self._messages.clear()
            params = {"@verbose": CONTENT}
            found = _data(self._ask("GET", f"/msg/{number}", params=params))
            self._messages[number] = found["attributes"]
        return self._messages[number]

    def user(self, number: str) -> Mapping[str, Any]:
        """Name and address of a user."""
        params = {"@fields": "username,address,realname"}
        found: Mapping[str, Any] = _data(self._ask("GET", f"/user/{number}", params=params))[
            "attributes"
        ]
        return found

    def open_issues(
        self, since: str, number: int, count: int = PAGE, *, sort: str = "activity,id"
    ) -> list[Change]:
        """A page of the open issues that were changed then or later, by the time of it."""
        return self._changed((*self._open(), UNSET), since, number, count, sort)

    def decided_issues(self, since: str, number: int) -> list[Change]:
        """A page of those that people have done with, as `open_issues`."""
        return self._changed(self._decided(), since, number, PAGE, "activity,id")

    def touched_issues(self, since: str, number: int) -> list[Change]:
        """The open ones and those, as `open_issues`."""
        statuses = dict.fromkeys((*self._open(), UNSET, *self._decided()))
        return self._changed(statuses, since, number, PAGE, "activity,id")

    def _changed(
        self, statuses: Iterable[str], since: str, number: int, count: int, sort: str
    ) -> list[Change]:
        if not (statuses := tuple(statuses)):  # no status would be every one
            return []
        params: dict[str, str | int] = {
            "activity": _from(since),
            "status": ",".join(statuses),
            "@sort": sort,
            "@fields": "activity",
            "@page_size": count,
            "@page_index": number,
        }
        found = _data(self._ask("GET", "/issue", params=params))["collection"]
        return [
            Change(ticket=ExternalId(one["id"]), stamp=stamp_of(one["activity"])) for one in found
        ]

    def count_open(self, since: str) -> int:
        """How many open issues, changed then or later, this user sees."""
        return self._count((*self._open(), UNSET), since)

    def count_decided(self, since: str) -> int:
        """How many issues that people have done with, as `count_open`."""
        return self._count(self._decided(), since)

    def _count(self, statuses: Iterable[str], since: str) -> int:
        if not (statuses := tuple(statuses)):
            return 0
        params = {"status": ",".join(statuses), "activity": _from(since)}
        return int(_data(self._ask("GET", "/issue", params=params))["@total_size"])

    def classes(self) -> set[str]:
        """Of items that the tracker has."""
        return set(_data(self._ask("GET", "")))

    def names(self, kind: str) -> set[str]:
        """Of the items of a class that are known by name."""
        found = _data(self._ask("GET", f"/{kind}", params={"@fields": "name"}))["collection"]
        return {one["name"] for one in found}

    def linked(self, *, fresh: bool = False) -> Mapping[str, set[str]]:
        """Of each field that is a link, the names that it may have; a minute old or `fresh`."""
        mine = {field.name for field in self.config.fields.values()}
        return self._linked.get(
            lambda: {one: self.names(one) for one in mine & self.classes()}, fresh=fresh
        )

    def properties(self) -> set[str]:
        """That an issue has and this user may see."""
        found = self._ask("GET", "/issue", params={"@page_size": 1, "@verbose": LABELS})
        for one in _data(found)["collection"]:
            return set(_data(self._ask("GET", f"/issue/{one['id']}"))["attributes"])
        return {*(field.name for field in self.config.fields.values()), OURS, EXPECTS}

    def clock(self) -> str:
        """What time it is for Roundup, by its answers' date."""
        answer = self._ask("GET", "/status", params={"@page_size": 1})
        try:
            return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC).strftime(STAMP)
        except (KeyError, ValueError) as error:
            raise HelpdeskDown("Roundup's answers bear no date") from error

    def _open(self) -> list[str]:
        statuses = self._statuses()
        return [number for name, number in statuses.items() if name not in self.config.closed]

    def _decided(self) -> list[str]:
        statuses = self._statuses()
        return [statuses[name] for name in self.config.decided if name in statuses]

    def _statuses(self) -> dict[str, str]:
        found = _data(self._ask("GET", "/status", params={"@fields": "name"}))["collection"]
        return {one["name"]: one["id"] for one in found}

    def _fields(self) -> Iterable[str]:
        ours = (field.name for field in self.config.fields.values())
        return (*ours, OURS, "status", "title", "creation", "creator", "actor", "messages")

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        expected: Iterable[int] = (),
    ) -> Answer:
        return self._rest.ask(
            method, path, params=params, body=body, headers=headers, expected=frozenset(expected)
        )


def _from(stamp: str) -> str:
    """As a question of Roundup's has it: in its user's zone, which is UTC."""
    return f"from {stamp.replace('T', '.').removesuffix('Z')}"


def stamp_of(moment: str) -> str:
    """Roundup's `2026-11-21.19:48:21`, and what it writes behind the seconds, as a stamp."""
    return moment.replace(".", "T", 1)[:19] + "Z"


def _data(answer: Answer) -> Any:  # noqa: ANN401 - JSON of many shapes
    try:
        return answer.body["data"]
    except (TypeError, KeyError) as error:
        raise HelpdeskDown(f"this is no answer of Roundup's: {answer.body!r:.200}") from error
