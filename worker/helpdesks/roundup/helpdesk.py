"""Roundup as a helpdesk.

- `If-Match` is demanded, and checked before the change is made: two requests may both pass. So each
  says what it expects to find, and what our set-up has put into the tracker compares that under its
  lock. One request is all or nothing.
- The keys of what was written stand in a property of the issue that is set in the same request.
- A note is an item of a class whose key is unique: Roundup itself refuses a second one.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from config.helpdesk import Roundup, TheirField
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import Capabilities, Gone, Moved, Seen, Traces, is_under
from tasks.ticket import ExternalId
from worker.helpdesks.archive import Archive
from worker.helpdesks.feed import Feed
from worker.helpdesks.offload import Threads
from worker.helpdesks.roundup.archive import RoundupArchive
from worker.helpdesks.roundup.client import OURS, Issue, RoundupClient
from worker.helpdesks.roundup.feed import RoundupFeed

KEPT = 40  # keys of writes; a revision makes four


class RoundupHelpdesk:
    """Keeps the promise of tasks.ports.helpdesk. A ticket is known by its issue's number."""

    def __init__(self, config: Roundup, token: str, clock: Clock) -> None:
        self.capabilities = Capabilities(
            conditional_write="strict",
            once_only_notes=True,
            settle_seconds=config.settle_seconds,
            write_requests=12,
        )
        self.client = RoundupClient(config, token, clock)
        self.feed: Feed = RoundupFeed(self.client)
        self.archive: Archive = RoundupArchive(self.client)
        self._fields: Mapping[Any, TheirField] = config.fields
        self._threads = Threads(config.requests)

    def close(self) -> None:
        """Ends after the requests that are under way."""
        self._threads.close()
        self.client.close()

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        """All fields; the version is the issue's etag, with its keys and what it holds."""
        return await self._threads.run(lambda: self._look(ticket))

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        """Sets them, and their keys, in one step."""
        return await self._threads.run(lambda: self._set_fields(ticket, values, key, version))

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        """Adds a note, once for each key."""
        return await self._threads.run(lambda: self._post_note(ticket, body, key))

    async def refuses(
        self,
        ticket: ExternalId,  # noqa: ARG002 - what it has, it has for all
        values: Mapping[str, str],
    ) -> Mapping[str, str]:
        """Where a field is a link, what it is to link to must be there, and not retired."""
        return await self._threads.run(
            lambda: self._refuses(values) and self._refuses(values, fresh=True)
        )

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        """The keys that the issue bears, and those of its notes."""
        return await self._threads.run(lambda: self._traces(ticket, key))

    def _refuses(self, values: Mapping[str, str], *, fresh: bool = False) -> Mapping[str, str]:
        known = self.client.linked(fresh=fresh)
        fields = self._fields
        theirs = {one: (fields[one].name, fields[one].theirs(v)) for one, v in values.items()}
        return {
            one: f"Roundup has no {name} {value}"
            for one, (name, value) in theirs.items()
            if name in known and value not in known[name]
        }

    def _issue(self, ticket: ExternalId) -> Issue | Gone:
        issue = self.client.issue(ticket)
        if issue is None:
            return Gone(f"Roundup has no issue {ticket}")
        if issue.status in self.client.config.closed:
            return Gone(f"{ticket} is {issue.status}")
        return issue

    def _look(self, ticket: ExternalId) -> Seen | Gone:
        issue = self._issue(ticket)
        if isinstance(issue, Gone):
            return issue
        held = issue.held(self._fields)
        return Seen(fields=held, version=json.dumps([issue.etag, issue.keys, held]))

    def _set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], key: str, version: str
    ) -> Moved | Gone | None:
        etag, keys, held = json.loads(version)
        fields = self._fields
        theirs = {  # null would change nothing
            fields[one].name: fields[one].theirs(value or "") for one, value in values.items()
        }
        changed = [f"{key}:{name}" for name, value in values.items() if held[name] != value]
        theirs[OURS] = " ".join([*dict.fromkeys([*keys, *changed])][-KEPT:])
        expects = {
            fields[one].name: fields[one].theirs(held[one]) if held[one] else None for one in values
        }
        if self.client.update(ticket, theirs, etag=etag, expects=expects):
            return None
        issue = self._issue(ticket)
        return issue if isinstance(issue, Gone) else Moved()

    def _post_note(self, ticket: ExternalId, body: str, key: str) -> Gone | None:
        issue = self._issue(ticket)
        if isinstance(issue, Gone):
            return issue
        self.client.note(ticket, key, body)
        return None

    def _traces(self, ticket: ExternalId, key: str) -> Traces:
        issue = self.client.issue(ticket)
        if issue is None:
            return Traces()
        keys = (*issue.keys, *self.client.note_keys(ticket))
        return Traces(counts=Counter(one for one in keys if is_under(one, key)))
