"""A helpdesk as a source: every open ticket that has changed since, whole."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from tasks.errors import HelpdeskDown, Misconfigured, RateLimited, Rejected, SourceDown
from tasks.ports.inbox import Choice, Message, Page, Standing
from worker.helpdesks.feed import ZONE, Change, Feed, State, apart, later
from worker.inboxes.looking import Looked, look_at
from worker.inboxes.position import GRAIN, Position


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
        looked = self._look_at(position, changed)
        if (new or looked.cut) and looked.trouble and not looked.states:
            raise looked.trouble  # the helpdesk's, as far as anybody can tell
        more = len(new) == limit or (looked.cut is not None and bool(new))
        if more:
            return self._page(position, looked, now, more=True)
        again = self._look_at(position, position.waiting(changed))
        return self._page(position.without_lost(found), looked.and_again(again), now, more=False)

    def _page(self, base: Position, looked: Looked, now: str, *, more: bool) -> Page:
        moved, given_up = base.behind(looked, fresh=later(now, -GRAIN))
        return Page(
            messages=(
                *(self._message(state) for _, state in looked.states if state.said is not None),
                *(self._without_text(one, str(why)) for one, why in given_up),
            ),
            standings=tuple(
                self._standing(one, state, now) for one, state in looked.states if state.chosen
            ),
            position=moved.as_text(),
            more=more,
            unread={one.ticket: str(why) for one, why in looked.failed},
        )

    def _message(self, state: State) -> Message:
        return Message(source=self.name, raw=json.dumps(state.said).encode(), held=state.held)

    def _without_text(self, change: Change, why: str) -> Message:
        """For people, who have to look at it themselves; another one for each change of it."""
        raw = json.dumps({"id": change.ticket, "changed": change.stamp}).encode()
        return Message(source=self.name, raw=raw, unread=why)

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

    def _look_at(self, position: Position, changed: Sequence[Change]) -> Looked:
        return look_at(changed, partial(self._state, position), parallel=self._feed.parallel)

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
