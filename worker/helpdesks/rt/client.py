"""Questions to Request Tracker's REST2 interface, and its answers as values."""

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cached_property, partial
from itertools import count
from typing import Any
from urllib.parse import quote

from config.helpdesk import RequestTracker
from tasks.errors import CredentialRefused, HelpdeskDown
from tasks.ports.clock import Clock
from tasks.ticket import ExternalId
from worker.helpdesks.feed import STAMP, Change
from worker.helpdesks.kept import Kept
from worker.helpdesks.rest import Answer, Rest

PAGE = 100
"""RT gives no more at once."""

TOKEN = re.compile(r"\d+-(\d+)-[0-9a-f]+")
"""An authentication token of RT 5; the second number is its user."""

OPEN = "Status = '__Active__'"
KEPT = 2_000  # attachments, by one process
NOT_FOUND = frozenset({404})
TRANSACTION = "Type,Field,OldValue,NewValue,Data,Creator,Created,ObjectId"


@dataclass(frozen=True, kw_only=True, slots=True)
class Transaction:
    """One entry of a ticket's history. `field` is a name, or a custom field's number."""

    id: int
    ticket: str
    type: str
    field: str
    old: str
    new: str
    data: str
    creator: str
    created: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A ticket as RT shows it. `custom`: what each custom field holds, by name."""

    id: str
    status: str
    etag: str
    raw: Mapping[str, Any]
    custom: Mapping[str, str | None]
    numbers: Mapping[str, str]  # of its custom fields, by name


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A part of a message: what it says, and the number of the part that it stands in, or ""."""

    text: str
    parent: str


class RtClient:
    """One RT, seen by one user. Every method blocks, from any thread; errors are those of Rest."""

    def __init__(self, config: RequestTracker, token: str, clock: Clock) -> None:
        self.config = config
        self._token = token
        self._attached: dict[str, Attached] = {}
        self._queue_names: dict[str, str] = {}
        self._queues = Kept[Mapping[str, bool]](clock)
        self._rest = Rest(
            f"{config.url.rstrip('/')}/REST/2.0",
            headers={"Authorization": f"token {token}"},
            credential=config.credential,
            proof="/rt",
            timeout_seconds=config.timeout_seconds,
            clock=clock,
        )

    def close(self) -> None:
        """Ends the connections."""
        self._rest.close()

    @cached_property
    def me(self) -> int:
        """The number of the user whose token this is.

        Raises CredentialRefused for what is no token of RT's.
        """
        if found := TOKEN.fullmatch(self._token):
            return int(found[1])
        why = f"{self.config.credential} holds no token of Request Tracker 5 (1-28-0a1b2c…)"
        raise CredentialRefused(why, credential=self.config.credential)

    @cached_property
    def my_name(self) -> str:
        """What that user is called."""
        return str(self.get(f"/user/{self.me}").body["Name"])

    def get(self, path: str, **params: str | int) -> Answer:
        """Whatever lies there."""
        return self._rest.ask("GET", path, params=params)

    def ticket(self, ticket: ExternalId) -> Shown | None:
        """The ticket of that number; None where there is none, or the answer is another one's."""
        if not ticket.isdecimal():
            return None
        answer = self._rest.ask(
            "GET", f"/ticket/{ticket}", params={"fields[Queue]": "Name"}, expected=NOT_FOUND
        )
        return _shown(answer) if answer.status not in NOT_FOUND else None

    def update(
        self, ticket: ExternalId, values: Mapping[str, object], *, etag: str
    ) -> Answer | None:
        """Sets values where the ticket still has that etag; None where it has another, or is gone.

        RT answers 200 to a value that it does not take, and sets the others: its sentences say so.
        """
        answer = self._rest.ask(
            "PUT",
            f"/ticket/{ticket}",
            body=values,
            headers={"If-Match": f'"{etag}"'},
            expected=frozenset({404, 412}),
        )
        return None if answer.status in {404, 412} else answer

    def comment(self, ticket: ExternalId, subject: str, body: str) -> None:
        """Adds an internal note, which is mailed to nobody outside. RT knows no condition here."""
        note = {"Subject": subject, "Content": body, "ContentType": "text/plain"}
        self._rest.ask("POST", f"/ticket/{ticket}/comment", body=note)

    def transactions(
        self, where: Iterable[tuple[str, str, str]], *, last: int | None = None
    ) -> Iterator[Transaction]:
        """Transactions of tickets that fulfil each (field, operator, value), oldest first.

        Up to the `last` one, where its number is known: that spares the question for more.
        """
        query = [{"field": "ObjectType", "operator": "=", "value": "RT::Ticket"}]
        query += [{"field": name, "operator": how, "value": value} for name, how, value in where]
        params = {"fields": TRANSACTION, "orderby": "id", "order": "ASC"}
        for item in self._pages("POST", "/transactions", params, query):
            found = _transaction(item)
            yield found
            if found.id == last:
                return

    def tickets(
        self, status: str, since: str, number: int, count: int = PAGE, *, order: str = "ASC"
    ) -> list[Change]:
        """A page of the tickets of that status that were changed then or later, by the time of it.

        `status` is OPEN, or what `decided` says.
        """
        params: dict[str, str | int] = {
            "query": f"({status}) AND LastUpdated >= '{_moment(since)}'",
            "orderby": "LastUpdated",
            "order": order,
            "fields": "LastUpdated",
            "per_page": count,
            "page": number,
        }
        found = _items(self._rest.ask("GET", "/tickets", params=params))[0]
        return [
            Change(ticket=ExternalId(str(one["id"])), stamp=str(one["LastUpdated"]))
            for one in found
        ]

    @property
    def decided(self) -> str:
        """The status of tickets that people have done with."""
        return " OR ".join(f"Status = '{_escaped(name)}'" for name in self.config.decided)

    def count(self, status: str, since: str) -> int:
        """How many tickets of that status, changed then or later, this user sees."""
        query = f"({status}) AND LastUpdated >= '{_moment(since)}'"
        params: dict[str, str | int] = {"query": query, "per_page": 1}
        return int(self._rest.ask("GET", "/tickets", params=params).body["total"])

    def clock(self) -> str:
        """What time it is for RT, by its answers' date."""
        answer = self.get("/rt")
        try:
            return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC).strftime(STAMP)
        except (KeyError, ValueError) as error:
            raise HelpdeskDown("Request Tracker's answers bear no date") from error

    def queue(self, number: str) -> str:
        """What the queue of that number is called."""
        if number not in self._queue_names:
            self._queue_names[number] = str(self.get(f"/queue/{number}").body["Name"])
        return self._queue_names[number]

    def queues(self, *, fresh: bool = False) -> Mapping[str, bool]:
        """Every queue that this user sees, and whether it is enabled; a minute old or `fresh`."""
        listed = partial(self.listed, "/queues/all", fields="Name,Disabled", find_disabled_rows="1")
        return self._queues.get(
            lambda: {str(one["Name"]): str(one["Disabled"]) != "1" for one in listed()}, fresh=fresh
        )

    def address(self, user: str) -> str:
        """A user's e-mail address, by what RT calls it; that name where there is none."""
        if "@" in user:
            return user
        found = self._rest.ask("GET", f"/user/{quote(user)}", expected=NOT_FOUND).body or {}
        return str(found.get("EmailAddress") or user)

    def attached(self, attachment: str) -> Attached:
        """What that attachment says; it never changes, so the newest are kept."""
        if attachment not in self._attached:
            if len(self._attached) >= KEPT:
                self._attached.clear()
            self._attached[attachment] = _attached(self.get(f"/attachment/{attachment}"))
        return self._attached[attachment]

    def listed(self, path: str, **params: str) -> Iterator[Mapping[str, Any]]:
        """Everything that a collection holds and this user may see."""
        return self._pages("GET", path, params)

    def _pages(
        self, method: str, path: str, params: Mapping[str, str], body: object = None
    ) -> Iterator[Mapping[str, Any]]:
        """A page leaves out what this user may not see, so a short one need not be the last."""
        for number in count(1):
            page: dict[str, str | int] = {**params, "per_page": PAGE, "page": number}
            answer = self._rest.ask(method, path, params=page, body=body)
            items, pages = _items(answer)
            yield from items
            if not items or number == pages:
                return


def _items(answer: Answer) -> tuple[list[Mapping[str, Any]], int | None]:
    """A page's items, and how many pages there are where RT can tell."""
    try:
        pages = answer.body["pages"]
        return answer.body["items"], None if pages is None else int(pages)
    except (TypeError, KeyError) as error:
        raise HelpdeskDown(f"this is no list of Request Tracker's: {answer.body!r:.200}") from error


def _attached(answer: Answer) -> Attached:
    content = b64decode(answer.body.get("Content") or "")
    parent = answer.body.get("Parent")
    return Attached(
        text=content.decode(errors="replace"),
        parent=str(parent["id"]) if isinstance(parent, Mapping) else "",
    )


def _transaction(item: Mapping[str, Any]) -> Transaction:
    return Transaction(
        id=int(item["id"]),
        ticket=str(item["ObjectId"]),
        type=item["Type"],
        field=item["Field"] or "",
        old=item["OldValue"] or "",
        new=item["NewValue"] or "",
        data=item["Data"] or "",
        creator=item["Creator"]["id"],
        created=item["Created"],
    )


def _shown(answer: Answer) -> Shown:
    raw = answer.body
    try:
        fields = raw["CustomFields"] or []
        return Shown(
            id=str(raw["id"]),
            status=raw["Status"],
            etag=answer.headers["etag"].strip('"'),
            raw=raw,
            custom={one["name"]: _only(one.get("values")) for one in fields},
            numbers={one["name"]: str(one["id"]) for one in fields},
        )
    except (TypeError, KeyError) as error:
        raise HelpdeskDown(f"this is no ticket of Request Tracker's: {raw!r:.200}") from error


def _moment(stamp: str) -> str:
    """As a question of RT's has it: in its user's zone, which is UTC."""
    return stamp.replace("T", " ").removesuffix("Z")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _only(values: list[str] | None) -> str | None:
    return values[0] if values else None
