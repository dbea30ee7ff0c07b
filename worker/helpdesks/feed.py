"""What a helpdesk says of changes, for whoever reads tickets from it. Every call blocks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tasks.ticket import ExternalId

STAMP = "%Y-%m-%dT%H:%M:%SZ"
ZONE = timedelta(minutes=10)
"""Less than any two time zones lie apart."""

EPOCH = "1970-01-02T00:00:00Z"  # no helpdesk keeps a time before 1970, whatever is subtracted


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An open ticket, and when it was changed last: ISO 8601 in UTC, to the second."""

    ticket: ExternalId
    stamp: str


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """A ticket as it stands.

    `said`: as JSON that `tasks.intake` takes; None where nothing is new, the ticket is gone, or no
    customer has said anything.
    """

    version: str
    said: Mapping[str, Any] | None


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


def later(stamp: str, by: timedelta) -> str:
    """A moment, moved; backwards too, but not before EPOCH."""
    moved = datetime.strptime(stamp, STAMP).replace(tzinfo=UTC) + by
    return max(EPOCH, moved.strftime(STAMP))
