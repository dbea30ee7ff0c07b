"""A helpdesk as a feed shows it, and polls of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import pytest

from tasks.errors import HelpdeskDown, RateLimited, SourceDown
from tasks.ports.inbox import Page
from tasks.ticket import ExternalId
from worker.helpdesks.feed import Change, Chosen, State, later, walked
from worker.inboxes.live import LiveInbox

NOON = "2026-01-01T12:00:00Z"
FULL = 3
Brought = set[tuple[str, str]]
"""Tickets, each with a version of it."""


@dataclass(kw_only=True)
class Desk:
    """A helpdesk as its feed shows it: stamps to the second, pages of three."""

    now: str = NOON
    versions: dict[str, int] = field(default_factory=dict)
    stamps: dict[str, str] = field(default_factory=dict)
    zone: timedelta = timedelta(0)
    is_down: bool = False
    answers: int | None = None  # looks at tickets that are answered before it says 429
    broken: dict[str, Exception] = field(default_factory=dict)
    looks: int = 0
    name: str = "desk:here"
    parallel: int = 2
    moved_while_read: list[str] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    chosen: dict[str, dict[str, Chosen]] = field(default_factory=dict)

    def change(self, ticket: str) -> None:
        self.versions[ticket] = self.versions.get(ticket, 0) + 1
        self.stamps[ticket] = self.now

    def passes(self, seconds: int) -> None:
        self.now = later(self.now, timedelta(seconds=seconds))

    def clock(self) -> str:
        if self.is_down:
            raise HelpdeskDown("nobody answers")
        return self.now

    def newest(self) -> Change | None:
        found = self._changes("")
        return found[-1] if found else None

    def changed(self, since: str) -> Iterator[Change]:
        return walked(self._page, later(since, self.zone), full=FULL)

    def touched(self, since: str) -> Iterator[Change]:
        return walked(partial(self._page, closed=True), later(since, self.zone), full=FULL)

    def count(self, since: str) -> int:
        return len(self._changes(since))

    def state(self, ticket: ExternalId, *, known: str) -> State:
        self.looks += 1
        if ticket in self.broken:
            raise self.broken[ticket]
        if self.answers is not None:
            self.answers -= 1
            if self.answers < 0:
                raise RateLimited("429", retry_after=1.0)
        version = str(self.versions[ticket])
        if version == known:
            return State(version=version, said=None)
        said = None if ticket in self.closed else {"id": ticket, "version": version}
        return State(version=version, said=said, chosen=self.chosen.get(ticket, {}))

    def _page(self, since: str, number: int, *, closed: bool = False) -> list[Change]:
        found = self._changes(since, closed=closed)[(number - 1) * FULL : number * FULL]
        if self.moved_while_read:
            self.change(self.moved_while_read.pop())
        return found

    def _changes(self, since: str, *, closed: bool = False) -> list[Change]:
        found = [
            Change(ticket=ExternalId(ticket), stamp=stamp)
            for ticket, stamp in self.stamps.items()
            if stamp >= since and (closed or ticket not in self.closed)
        ]
        return sorted(found, key=lambda one: (one.stamp, one.ticket))


def brought(page: Page) -> list[tuple[str, str]]:
    return [(one["id"], one["version"]) for one in (json.loads(m.raw) for m in page.messages)]


def poll(inbox: LiveInbox, position: str | None, limit: int = 500) -> tuple[Brought, str]:
    """Everything until there is no more."""
    seen, position, why = poll_as_far_as_it_goes(inbox, position, limit)
    if why:
        raise why
    assert position is not None
    return seen, position


def poll_as_far_as_it_goes(
    inbox: LiveInbox, position: str | None, limit: int = 500
) -> tuple[Brought, str | None, SourceDown | None]:
    """Each page that was read is kept, and so is where the next one begins."""
    seen: Brought = set()
    for _ in range(100):
        try:
            page = inbox.read(position, limit=limit)
        except SourceDown as error:
            return seen, position, error
        position = page.position
        seen.update(brought(page))
        if not page.more:
            return seen, position, None
    pytest.fail("it never ends")
