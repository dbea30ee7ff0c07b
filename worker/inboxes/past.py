"""What people have decided in a helpdesk, as a feed: closed tickets with their labels."""

from collections.abc import Callable, Iterator

from tasks.ticket import ExternalId
from worker.helpdesks.archive import Archive
from worker.helpdesks.feed import Change, Feed, State


class PastFeed:
    """Keeps the promise of worker.helpdesks.feed; a ticket that is closed changes no more.

    Its tickets are known by the name that they have in the helpdesk's own feed.
    """

    def __init__(
        self, archive: Archive, feed: Feed, is_known: Callable[[ExternalId], bool]
    ) -> None:
        """`is_known`: whether a ticket was triaged already, and is left out."""
        self._is_known = is_known
        self._archive = archive
        self._feed = feed
        self.name = feed.name
        self.parallel = feed.parallel

    def clock(self) -> str:
        """The helpdesk's."""
        return self._feed.clock()

    def newest(self) -> Change | None:
        """Of the open ones: it only tells in which zone times are read."""
        return self._feed.newest()

    def changed(self, since: str) -> Iterator[Change]:
        """Those that are closed."""
        return self._archive.closed(since)

    def touched(self, since: str) -> Iterator[Change]:
        """The same."""
        return self.changed(since)

    def count(self, since: str) -> int:
        """Of those that are closed."""
        return self._archive.count(since)

    def state(self, ticket: ExternalId, *, known: str) -> State:
        """The ticket as it was opened; None where nobody has decided anything about it."""
        found = None if known or self._is_known(ticket) else self._archive.decided(ticket)
        said = {**found.said, "labels": dict(found.labels)} if found and found.labels else None
        return State(version="closed", said=said)
