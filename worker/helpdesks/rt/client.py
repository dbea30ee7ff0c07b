"""Questions to Request Tracker's REST2 interface, and its answers as values."""

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from itertools import count
from typing import Any

from config.helpdesk import RequestTracker
from tasks.errors import CredentialRefused, HelpdeskDown, Rejected
from tasks.ports.clock import Clock
from tasks.ticket import ExternalId
from worker.helpdesks.rest import Answer, Rest

PAGE = 100
"""RT gives no more at once."""

TOKEN = re.compile(r"\d+-(\d+)-[0-9a-f]+")
"""An authentication token of RT 5; the second number is its user."""

KEPT = 2_000  # texts of attachments, by one process
STAMP = "%Y-%m-%dT%H:%M:%SZ"
EPOCH = "1970-01-01T00:00:00Z"
SECOND = timedelta(seconds=1)
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


class RtClient:
    """One RT, seen by one user. Every method blocks, from any thread; errors are those of Rest."""

    def __init__(self, config: RequestTracker, token: str, clock: Clock) -> None:
        self.config = config
        self._token = token
        self._texts: dict[str, str] = {}
        self._zone_is_known = False
        self.now = EPOCH
        """RT's own clock at the last question for changes."""
        self._rest = Rest(
            f"{config.url.rstrip('/')}/REST/2.0",
            headers={"Authorization": f"token {token}"},
            credential=config.credential,
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

    def changed(self, since: str) -> Iterator[Mapping[str, Any]]:
        """Open tickets that were changed then or later (ISO 8601, UTC), oldest change first.

        Asked by the stamp of the last one instead of by page: what changes meanwhile moves to the
        end, and would push others over the edge of a page that was read already.
        """
        self._refuse_another_zone()
        seen: set[tuple[str, str]] = set()
        number = 1
        while True:
            items = self._tickets(
                f"Status = '__Active__' AND LastUpdated >= '{_asked(since)}'", number, PAGE
            )
            for one in items:
                known = (str(one["id"]), str(one["LastUpdated"]))
                if known not in seen:
                    seen.add(known)
                    yield one
            if len(items) < PAGE:
                return
            same = items[-1]["LastUpdated"] == since
            since, number = items[-1]["LastUpdated"], number + 1 if same else 1

    def clock(self) -> str:
        """What time it is for RT."""
        self._tickets("id > 0", 1, 1)
        return self.now

    def _tickets(
        self, query: str, number: int, count: int, *, order: str = "ASC"
    ) -> list[Mapping[str, Any]]:
        params: dict[str, str | int] = {
            "query": query,
            "orderby": "LastUpdated",
            "order": order,
            "fields": "LastUpdated",
            "per_page": count,
            "page": number,
        }
        answer = self._rest.ask("GET", "/tickets", params=params)
        self.now = _moment(answer)
        return _items(answer)[0]

    def _refuse_another_zone(self) -> None:
        """RT reads the times of a query in the zone of its user, and writes them in UTC.

        In any other zone than UTC changes would be passed over for hours. Raises Rejected.
        """
        if self._zone_is_known:
            return
        for one in self._tickets("id > 0", 1, 1, order="DESC"):
            stamp = str(one["LastUpdated"])
            for moment, expected in ((stamp, 1), (later(stamp, SECOND), 0)):
                query = f"id = {one['id']} AND LastUpdated >= '{_asked(moment)}'"
                if len(self._tickets(query, 1, 1)) != expected:
                    raise Rejected(
                        f"it reads times in the zone of its user {self.my_name}, which must be UTC:"
                        " set it in RT under Admin, Users, Time zone"
                    )
            self._zone_is_known = True

    def text(self, attachment: str) -> str:
        """What that attachment says; it never changes, so the newest are kept."""
        if attachment not in self._texts:
            if len(self._texts) >= KEPT:
                self._texts.clear()
            answer = self.get(f"/attachment/{attachment}")
            content = b64decode(answer.body.get("Content") or "")
            self._texts[attachment] = content.decode(errors="replace")
        return self._texts[attachment]

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


def later(stamp: str, by: timedelta) -> str:
    """A moment as RT writes it, moved; backwards too."""
    return (datetime.strptime(stamp, STAMP).replace(tzinfo=UTC) + by).strftime(STAMP)


def _asked(stamp: str) -> str:
    """A moment as RT reads it in a query, where its user's zone is UTC."""
    return stamp.replace("T", " ").removesuffix("Z")


def _moment(answer: Answer) -> str:
    """When RT answered, by its own clock; long ago where it does not say."""
    try:
        said = parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError):
        return EPOCH
    return said.strftime(STAMP)


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


def _only(values: list[str] | None) -> str | None:
    return values[0] if values else None
