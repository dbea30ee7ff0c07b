"""What has changed in Roundup, and who said what."""

from collections.abc import Iterator
from typing import Any

from tasks.ticket import ExternalId
from worker.helpdesks.archive import DECIDED
from worker.helpdesks.feed import EPOCH, Change, Chosen, State, walked
from worker.helpdesks.roundup.client import PAGE, Issue, RoundupClient, stamp_of
from worker.mail.parts import PLAIN, Part
from worker.mail.text import readable


class RoundupFeed:
    """Keeps the promise of worker.helpdesks.feed.

    Whoever opened an issue is its customer. Roundup's mail gateway leaves out what machines sent.
    """

    def __init__(self, client: RoundupClient) -> None:
        self._client = client
        self.name = f"roundup:{client.config.url.rstrip('/')}"
        self.parallel = client.config.requests

    def clock(self) -> str:
        """By the date of its answers."""
        return self._client.clock()

    def newest(self) -> Change | None:
        """By its activity."""
        return next(iter(self._client.open_issues(EPOCH, 1, 1, sort="-activity")), None)

    def changed(self, since: str) -> Iterator[Change]:
        """By their activity."""
        return walked(self._client.open_issues, since, full=PAGE)

    def touched(self, since: str) -> Iterator[Change]:
        """By their activity."""
        return walked(self._client.touched_issues, since, full=PAGE)

    def count(self, since: str) -> int:
        """By Roundup's own count."""
        return self._client.count_open(since)

    def state(self, ticket: ExternalId, *, known: str) -> State:
        """The version is its etag."""
        issue = self._client.issue(ticket)
        if issue is None or issue.etag == known:
            return State(version=known, said=None)
        held = issue.held(self._client.config.fields)
        return State(
            version=issue.etag,
            said=None if issue.status in self._client.config.closed else self.said(issue),
            chosen={
                name: Chosen(value=value)
                for name, value in held.items()
                if value and name in DECIDED
            },
            held=held,
        )

    def said(self, issue: Issue) -> dict[str, Any] | None:
        """As JSON that `tasks.intake` takes; None where it has neither text nor title."""
        creator = issue.attributes["creator"]["id"]
        customer = self._client.user(creator)
        numbers = sorted((one["id"] for one in issue.attributes["messages"]), key=int)
        title = issue.attributes.get("title") or ""
        turns = [self._turn(number, creator, title) for number in numbers]
        if not turns and not title:
            return None
        opening = turns[0] if turns and turns[0]["author"] == "customer" else {}
        return {
            "id": issue.id,
            "subject": title,
            "body": opening.get("body", ""),
            "quoted": opening.get("quoted", ""),
            "thread": turns[1:] if opening else turns,
            "requester": {
                "email": customer.get("address") or customer.get("username"),
                "name": customer.get("realname") or "",
            },
            "channel": "email",
            "created_at": stamp_of(issue.attributes["creation"]),
            "fields": self._untouched(issue),
        }

    def _turn(self, number: str, creator: str, title: str) -> dict[str, Any]:
        message = self._client.message(number)
        author = (message.get("author") or {}).get("id")
        text = Part(content_type=PLAIN, text=message.get("content") or "")
        told = readable([text], subject=title)
        return {
            "author": "customer" if author == creator else "agent",
            "at": stamp_of(message["date"]) if message.get("date") else None,
            "body": told.text,
            "quoted": told.quoted,
        }

    def _untouched(self, issue: Issue) -> dict[str, str | None]:
        """What its fields hold, where nobody but its customer has touched the issue.

        Roundup shows no history, so a value may be any person's choice afterwards, and is kept.
        What we wrote ourselves the ledger knows.
        """
        untouched = issue.attributes["actor"]["id"] == issue.attributes["creator"]["id"]
        held = issue.held(self._client.config.fields)
        return {name: value for name, value in held.items() if untouched or value is None}
