"""What people have decided in Roundup."""

from collections.abc import Iterator

from tasks.ticket import ExternalId
from worker.helpdesks.archive import DECIDED, Decided
from worker.helpdesks.feed import Change, walked
from worker.helpdesks.roundup.client import PAGE, RoundupClient
from worker.helpdesks.roundup.feed import RoundupFeed


class RoundupArchive:
    """Keeps the promise of worker.helpdesks.archive."""

    def __init__(self, client: RoundupClient) -> None:
        self._client = client
        self._feed = RoundupFeed(client)

    def closed(self, since: str) -> Iterator[Change]:
        """By their activity."""
        return walked(self._client.decided_issues, since, full=PAGE)

    def count(self, since: str) -> int:
        """By Roundup's own count."""
        return self._client.count_decided(since)

    def decided(self, ticket: ExternalId) -> Decided | None:
        """What it holds; nothing where we have written to it, for no history tells what."""
        issue = self._client.issue(ticket)
        said = self._feed.said(issue) if issue else None
        if issue is None or said is None:
            return None
        told = [turn["body"] for turn in said["thread"] if turn["author"] == "customer"]
        body = said["body"] or next(iter(told), "")
        held = {} if issue.keys else issue.held(self._client.config.fields)
        labels = {name: value for name, value in held.items() if value and name in DECIDED}
        return Decided(said={**said, "body": body, "thread": [], "fields": {}}, labels=labels)
