"""What a helpdesk says of changes, for whoever reads tickets from it. Every call blocks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tasks.ticket import ExternalId

STAMP = "%Y-%m-%dT%H:%M:%SZ"
ZONE = timedelta(minutes=10)
"""Less than any two time zones lie apart."""

EPOCH = "1970-01-02T00:00:00Z"  # no helpdesk keeps a time before 1970, whatever is subtracted


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A ticket, and when it was changed last: ISO 8601 in UTC, to the second."""

    ticket: ExternalId
    stamp: str


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A ticket as it stands.

    `said`: as JSON that `tasks.intake` takes; None where nothing is new, the ticket is closed or
    gone, or no customer has said anything. `chosen`: fields that a person has set last; of a
    helpdesk that `tells` nobody who it was, all that hold something. `held`: all of them, there.
    """

    version: str
    said: Mapping[str, Any] | None
    chosen: Mapping[str, "Chosen"] = field(default_factory=dict)
    held: Mapping[str, str | None] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What a field holds in our values; who set it and when, a stamp, where that is told."""

    value: str
    by: str | None = None
    at: str | None = None


class Feed(Protocol):
    """Raises HelpdeskDown, RateLimited, CredentialRefused, Rejected."""

    @property
    def name(self) -> str:
        """The source's name in the ledger: the same in every process, today and tomorrow."""
        ...

    @property
    def parallel(self) -> int:
        """How many calls it takes at once."""
        ...

    def clock(self) -> str:
        """What time it is there, as a stamp."""
        ...

    def newest(self) -> Change | None:
        """The open ticket that was changed last."""
        ...

    def changed(self, since: str) -> Iterator[Change]:
        """Open tickets that were changed then or later, oldest change first."""
        ...

    def touched(self, since: str) -> Iterator[Change]:
        """Those, and the ones that people have done with: who closes a ticket may correct it."""
        ...

    def count(self, since: str) -> int:
        """How many `changed` gives."""
        ...

    def state(self, ticket: ExternalId, *, known: str) -> State:
        """The ticket, where its version is not the one that is known."""
        ...


def walked(
    page: Callable[[str, int], Sequence[Change]], since: str, *, full: int
) -> Iterator[Change]:
    """Everything from `since` on, out of pages of `full`: `page(since, number)`, number from 1.

    Goes on by the stamp of the last one instead of by page: what changes meanwhile moves to the
    end, and would push others over the edge of a page that was read already.
    """
    seen: set[Change] = set()
    number = 1
    while True:
        found = page(since, number)
        yield from (one for one in found if one not in seen)
        seen.update(found)
        if len(found) < full:
            return
        number = number + 1 if found[-1].stamp == since else 1
        since = found[-1].stamp


def apart(stamp: str, now: str) -> float:
    """Seconds from one moment to another; less than none where that came first."""
    before, after = (datetime.strptime(one, STAMP).replace(tzinfo=UTC) for one in (stamp, now))
    return (after - before).total_seconds()


def later(stamp: str, by: timedelta) -> str:
    """A moment, moved; backwards too, but not before EPOCH."""
    moved = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC) + by
    return max(EPOCH, moved.strftime(STAMP))
