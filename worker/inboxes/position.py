"""How far a helpdesk was read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Self

from pydantic import TypeAdapter, ValidationError

from tasks.errors import TriageError
from tasks.ticket import ExternalId
from worker.helpdesks.feed import EPOCH, Change, later
from worker.inboxes.looking import IN_A_ROW, Looked

OVERLAP = timedelta(seconds=60)
"""Looked back by at each poll: a change may become visible after a later one has."""

TRIES = 20
"""Polls in which most others could be read, until one that cannot is given up: ten minutes."""

GRAIN = timedelta(seconds=2)
"""Changes within as much may bear one stamp."""


Failed = tuple[Change, TriageError]


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """How far a helpdesk was read.

    `brought` has each ticket whose change is not long before `since`: its stamp, and its version
    where another change may bear that stamp too. What was changed before `floor` is nobody's
    business. `unread` has each ticket that could not be looked at: the stamp that it was listed
    with, and how often that was tried in vain while others could be.
    """

    since: str
    brought: Mapping[str, tuple[str, str]]
    floor: str = EPOCH
    unread: Mapping[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Self:
        """What `as_text` wrote; the beginning for every other text."""
        try:
            return TypeAdapter(cls).validate_json(text or "")
        except ValidationError:
            return cls(since=EPOCH, brought={})

    def as_text(self) -> str:
        """One line that `parse` reads."""
        return json.dumps(asdict(self))

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

    def waiting(self, changed: Iterable[Change]) -> list[Change]:
        """What could not be read, and is not among these anyway; they take turns.

        Of so few that it is never the helpdesk's trouble where none of them can be read again.
        """
        listed = {one.ticket for one in changed}
        waiting = [
            Change(ticket=ExternalId(ticket), stamp=stamp)
            for ticket, (stamp, _) in self.unread.items()
            if ticket not in listed
        ]
        return waiting[: IN_A_ROW - 1]

    def behind(self, looked: Looked, *, fresh: str) -> tuple["Position", Sequence[Failed]]:
        """The position behind what was looked at, and what is given up with it.

        `fresh`: what was changed then or later may be changed once more under the same stamp.
        """
        brought: dict[str, tuple[str, str]] = {
            one.ticket: (one.stamp, state.version if one.stamp >= fresh else "")
            for one, state in looked.states
        }
        unread = {one: at for one, at in self.unread.items() if one not in brought}
        given_up: list[Failed] = []
        for one, why in looked.failed:
            tries = self._tries(one) + looked.is_well
            unread.pop(one.ticket, None)
            if tries < TRIES:
                unread[one.ticket] = (one.stamp, tries)  # behind the others
            else:
                given_up.append((one, why))
            brought[one.ticket] = (one.stamp, "")  # it is for `waiting` to come back to it
        newest = max((stamp for stamp, _ in brought.values()), default=self.since)
        return replace(self.moved(newest, brought), unread=unread), given_up

    def _tries(self, change: Change) -> int:
        stamp, tries = self.unread.get(change.ticket, ("", 0))
        return tries if stamp == change.stamp else 0

    def moved(self, since: str, brought: Mapping[str, tuple[str, str]]) -> "Position":
        """The position behind these; what lies too far back is forgotten."""
        moved = replace(self, since=max(self.since, since), brought={**self.brought, **brought})
        near = {one: at for one, at in moved.brought.items() if at[0] >= moved.oldest}
        return replace(moved, brought=near)
