"""What has changed in Request Tracker."""

from collections.abc import Iterator

from tasks.ticket import ExternalId
from worker.helpdesks.feed import EPOCH, Change, State, walked
from worker.helpdesks.rt.client import PAGE, RtClient
from worker.helpdesks.rt.conversation import conversation


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
        return next(iter(self._page(EPOCH, 1, 1, order="DESC")), None)

    def changed(self, since: str) -> Iterator[Change]:
        """By RT's LastUpdated."""
        return walked(self._page, since, full=PAGE)

    def state(self, ticket: ExternalId, *, known: str) -> State:
        """The version is RT's last transaction."""
        shown = self._client.ticket(ticket)
        if shown is None or shown.id != ticket or shown.etag == known:
            return State(version=known, said=None)
        return State(version=shown.etag, said=conversation(self._client, shown))

    def _page(
        self, since: str, number: int, count: int = PAGE, *, order: str = "ASC"
    ) -> list[Change]:
        found = self._client.open_tickets(since, number, count, order=order)
        return [
            Change(ticket=ExternalId(str(one["id"])), stamp=str(one["LastUpdated"]))
            for one in found
        ]
