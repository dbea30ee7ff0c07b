"""Request Tracker as a source: what customers wrote on its open tickets."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from tasks.errors import HelpdeskDown, Misconfigured, RateLimited, Rejected, SourceDown
from tasks.ports.inbox import Message, Page
from tasks.ticket import ExternalId
from worker.helpdesks.rt.client import RtClient, later
from worker.helpdesks.rt.conversation import conversation

OVERLAP = timedelta(seconds=60)
"""Looked back by at each poll: a change may become visible after a later one has."""

GRAIN = timedelta(seconds=2)
"""Changes within as much may bear one stamp."""

EPOCH = "1970-01-02T00:00:00Z"  # RT keeps no time before 1970, whatever is subtracted


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """How far RT was read.

    `brought` has each ticket whose change is not long before `since`: the stamp of it, and the
    last transaction where another one may bear that stamp too.
    """

    since: str
    brought: Mapping[str, tuple[str, str]]
    floor: str = EPOCH  # what was changed before is nobody's business

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """What `as_text` wrote; the beginning for every other text."""
        try:
            return TypeAdapter(cls).validate_json(text or "")
        except ValidationError:
            return cls(since=EPOCH, brought={})

    def as_text(self) -> str:
        """One line that `parse` reads."""
        return json.dumps({"since": self.since, "brought": self.brought, "floor": self.floor})

    def moved(self, since: str, brought: Mapping[str, tuple[str, str]]) -> "Position":
        """The position behind these; what lies too far back is forgotten."""
        newest = max(self.since, since)
        kept = {**self.brought, **brought}
        oldest = later(newest, -OVERLAP)
        return replace(
            self, since=newest, brought={one: at for one, at in kept.items() if at[0] >= oldest}
        )


@contextmanager
def _source_errors() -> Iterator[None]:
    try:
        yield
    except (HelpdeskDown, RateLimited, Misconfigured, Rejected) as error:
        raise SourceDown(f"Request Tracker: {error}") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """One changed ticket: `raw` is what intake reads, None where nothing is new."""

    id: str
    stamp: str
    etag: str
    raw: bytes | None


class RtInbox:
    """Brings every open ticket that has changed, whole; intake knows those that say nothing new.

    RT stamps changes with a second's grain, so each poll looks a minute back and passes over what
    it has brought in exactly this state.
    """

    def __init__(self, client: RtClient) -> None:
        self._client = client
        self.name = f"rt:{client.config.url.rstrip('/')}"

    def start(self) -> str:
        """Now, by RT's own clock: older tickets are taken in when somebody asks for them."""
        with _source_errors():
            now = self._client.clock()
        return Position(since=now, brought={}, floor=now).as_text()

    def read(self, position: str | None, *, limit: int) -> Page:
        """Tickets that changed since, at most `limit`, oldest change first. Raises SourceDown."""
        with _source_errors():
            return self._read(Position.parse(position), limit)

    def _read(self, position: Position, limit: int) -> Page:
        changed = list(islice(self._changed(position), limit))
        with ThreadPoolExecutor(self._client.config.requests) as pool:
            read = list(pool.map(partial(self._ticket, position), changed))
        # Whoever was changed just now may be changed once more under the same stamp.
        fresh = later(self._client.now, -GRAIN)
        brought = {one.id: (one.stamp, one.etag if one.stamp >= fresh else "") for one in read}
        newest = read[-1].stamp if read else position.since
        return Page(
            messages=tuple(
                Message(source=self.name, raw=one.raw) for one in read if one.raw is not None
            ),
            position=position.moved(newest, brought).as_text(),
            more=len(changed) == limit,
        )

    def _changed(self, position: Position) -> Iterator[Mapping[str, Any]]:
        """What has changed and was not brought in this state for certain."""
        for one in self._client.changed(max(position.floor, later(position.since, -OVERLAP))):
            stamp, etag = position.brought.get(str(one["id"]), ("", ""))
            if stamp != one["LastUpdated"] or etag:
                yield one

    def _ticket(self, position: Position, found: Mapping[str, Any]) -> _Read:
        number, stamp = str(found["id"]), str(found["LastUpdated"])
        shown = self._client.ticket(ExternalId(number))
        etag = shown.etag if shown else ""
        raw = None
        known = position.brought.get(number) == (stamp, etag)
        if shown and shown.id == number and not known:
            said = conversation(self._client, shown)
            raw = json.dumps(said).encode() if said else None
        return _Read(id=number, stamp=stamp, etag=etag, raw=raw)
