"""A helpdesk as a source: every open ticket that has changed since, whole."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

from pydantic import TypeAdapter, ValidationError

from tasks.errors import HelpdeskDown, Misconfigured, RateLimited, Rejected, SourceDown
from tasks.ports.inbox import Choice, Message, Page, Standing
from worker.helpdesks.feed import EPOCH, ZONE, Change, Feed, State, apart, later

OVERLAP = timedelta(seconds=60)
"""Looked back by at each poll: a change may become visible after a later one has."""

GRAIN = timedelta(seconds=2)
"""Changes within as much may bear one stamp."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """How far a helpdesk was read.

    `brought` has each ticket whose change is not long before `since`: its stamp, and its version
    where another change may bear that stamp too. What was changed before `floor` is nobody's
    business.
    """

    since: str
    brought: Mapping[str, tuple[str, str]]
    floor: str = EPOCH

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

    @property
    def oldest(self) -> str:
        """From when on changes are asked for: all that is not certain yet among them."""
        uncertain = (stamp for stamp, version in self.brought.values() if version)
        return max(self.floor, min(later(self.since, -OVERLAP), *uncertain, self.since))

    def knows(self, change: Change) -> bool:
        """Whether the ticket was brought with this stamp."""
        return self.brought.get(change.ticket, ("", ""))[0] == change.stamp

    def is_done_with(self, change: Change) -> bool:
        """Whether it was, and nothing else can bear the stamp."""
        return self.brought.get(change.ticket) == (change.stamp, "")

    def without_lost(self, found: Iterable[Change]) -> "Position":
        """Where these are all that has changed: what is uncertain and not among them is over.

        It was closed, or has another stamp by now, and will come under that.
        """
        listed = {one.ticket for one in found}
        kept = {one: at for one, at in self.brought.items() if not at[1] or one in listed}
        return replace(self, brought=kept)

    def moved(self, since: str, brought: Mapping[str, tuple[str, str]]) -> "Position":
        """The position behind these; what lies too far back is forgotten."""
        moved = replace(self, since=max(self.since, since), brought={**self.brought, **brought})
        near = {one: at for one, at in moved.brought.items() if at[0] >= moved.oldest}
        return replace(moved, brought=near)


class LiveInbox:
    """Brings tickets of any helpdesk that has a feed; intake knows those that say nothing new.

    Helpdesks stamp changes with a second's grain, so each poll looks a minute back and passes over
    what it has brought in exactly this state.
    """

    def __init__(self, feed: Feed, *, since: str | None = None) -> None:
        self._feed = feed
        self._since = since
        self._zone_is_known = False
        self.name = feed.name

    def start(self) -> str:
        """What somebody has asked for, else now by its own clock: older tickets are left alone."""
        since = self._since
        if since is None:
            with self._source_errors():
                since = self._feed.clock()
        return Position(since=since, brought={}, floor=since).as_text()

    def read(self, position: str | None, *, limit: int) -> Page:
        """Tickets that changed since, at most `limit`, oldest change first. Raises SourceDown."""
        with self._source_errors():
            self._refuse_another_zone()
            return self._read(Position.parse(position), limit)

    def _read(self, position: Position, limit: int) -> Page:
        now = self._feed.clock()
        found = list(self._changed(position, limit))
        new = [one for one in found if not position.knows(one)]
        # Those that may have changed once more under one stamp are looked at when there is room.
        changed = [*new, *(one for one in found if position.knows(one))][:limit]
        states = self._states(position, changed)
        is_cut, changed = len(states) < len(changed), changed[: len(states)]
        # What was changed just now may be changed once more under the same stamp.
        fresh = later(now, -GRAIN)
        brought: dict[str, tuple[str, str]] = {
            one.ticket: (one.stamp, state.version if one.stamp >= fresh else "")
            for one, state in zip(changed, states, strict=True)
        }
        newest = max((one.stamp for one in changed), default=position.since)
        more = len(new) == limit or (is_cut and bool(new))
        base = position if more else position.without_lost(found)
        return Page(
            messages=tuple(
                Message(source=self.name, raw=json.dumps(state.said).encode(), held=state.held)
                for state in states
                if state.said is not None
            ),
            standings=tuple(
                self._standing(one, state, now)
                for one, state in zip(changed, states, strict=True)
                if state.chosen
            ),
            position=base.moved(newest, brought).as_text(),
            more=more,
        )

    def _standing(self, change: Change, state: State, now: str) -> Standing:
        """By how long ago it was, since its clock need not be ours."""
        choices = {
            name: Choice(value=one.value, by=one.by, ago=apart(one.at, now) if one.at else None)
            for name, one in state.chosen.items()
        }
        return Standing(source=self.name, ticket=change.ticket, choices=choices)

    def _changed(self, position: Position, limit: int) -> Iterator[Change]:
        """What was not brought in this state for certain, up to so many that are new."""
        new = 0
        # Whoever asks for old tickets wants those that are to be worked on.
        feed = self._feed.touched if self._since is None else self._feed.changed
        for one in feed(position.oldest):
            if one.stamp < position.oldest or position.is_done_with(one):
                continue
            yield one
            new += not position.knows(one)
            if new == limit:
                return

    def _states(self, position: Position, changed: Sequence[Change]) -> list[State]:
        """Of all, or of the first so many, until the helpdesk fails; raises where that is none.

        What was read is brought: else one that answers 429 in the middle of each page would never
        be read to its end.
        """
        states: list[State] = []
        with ThreadPoolExecutor(self._feed.parallel) as pool:
            # Each in a context of its own, for whoever holds requests back before they are sent.
            looks = [pool.submit(copy_context().run, self._state, position, one) for one in changed]
            try:
                for look in looks:
                    states.append(look.result())  # noqa: PERF401 - what came before counts
            except (HelpdeskDown, RateLimited):
                if not states:
                    raise
            finally:  # of one that refuses our key, say, nobody else asks
                pool.shutdown(wait=False, cancel_futures=True)
        return states

    def _state(self, position: Position, change: Change) -> State:
        stamp, version = position.brought.get(change.ticket, ("", ""))
        return self._feed.state(change.ticket, known=version if stamp == change.stamp else "")

    def _refuse_another_zone(self) -> None:
        """Helpdesks read a question's times in their user's zone, and write times in UTC.

        West of UTC changes would be passed over for hours; east of it old ones come again, and are
        left out above. Raises Rejected.
        """
        if self._zone_is_known:
            return
        newest = self._feed.newest()
        if newest is not None:
            if not any(self._feed.changed(later(newest.stamp, -ZONE))):
                raise Rejected("it reads times in the zone of the fleet's user: set that to UTC")
            self._zone_is_known = True

    @contextmanager
    def _source_errors(self) -> Iterator[None]:
        try:
            yield
        except (HelpdeskDown, RateLimited, Misconfigured, Rejected) as error:
            told = (
                f"{self.name}: {error}; `triage connect {self.name.partition(':')[0]}` may say why"
            )
            raise SourceDown(told) from error
