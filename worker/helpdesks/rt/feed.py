"""What has changed in Request Tracker."""

from collections.abc import Iterator
from functools import partial

from tasks.ticket import ExternalId
from worker.helpdesks.feed import EPOCH, Change, State, walked
from worker.helpdesks.rt.client import OPEN, PAGE, RtClient
from worker.helpdesks.rt.conversation import chosen, conversation, history_of


class RtFeed:
    """Keeps the promise of worker.helpdesks.feed."""

    def __init__(self, client: RtClient) -> None:
        self._client = client
        self.name = f"rt:{client.config.url.rstrip('/')}"
        self.parallel = client.config.requests

    def clock(self) -> str:
        """By the date of its answers."""
        return self._client.clock()

    def newest(self) -> Change | None:
        """By RT's LastUpdated."""
        return next(iter(self._client.tickets(OPEN, EPOCH, 1, 1, order="DESC")), None)

    def changed(self, since: str) -> Iterator[Change]:
        """By RT's LastUpdated."""
        return walked(partial(self._client.tickets, OPEN), since, full=PAGE)

    def touched(self, since: str) -> Iterator[Change]:
        """The same, in one question."""
        either = f"{OPEN} OR {self._client.decided}"
        return walked(partial(self._client.tickets, either), since, full=PAGE)

    def count(self, since: str) -> int:
        """By RT's own count."""
        return self._client.count(OPEN, since)

    def state(self, ticket: ExternalId, *, known: str) -> State:
        """The version is RT's last transaction. Of a closed one its history alone is read."""
        shown = self._client.ticket(ticket)
        if shown is None or shown.id != ticket or shown.etag == known:
            return State(version=known, said=None)
        history = history_of(self._client, shown)
        is_closed = shown.status in self._client.config.closed
        return State(
            version=shown.etag,
            said=None if is_closed else conversation(self._client, shown, history),
            chosen=chosen(self._client, shown, history),
        )
