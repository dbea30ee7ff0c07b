"""What people have decided in Request Tracker, by its history."""

from collections.abc import Iterator
from functools import partial

from tasks.ticket import ExternalId
from worker.helpdesks.archive import DECIDED, Decided
from worker.helpdesks.feed import Change, walked
from worker.helpdesks.rt.client import PAGE, RtClient
from worker.helpdesks.rt.conversation import history_of, last_changes, said_in
from worker.helpdesks.rt.fields import Fields


class RtArchive:
    """Keeps the promise of worker.helpdesks.archive."""

    def __init__(self, client: RtClient) -> None:
        self._client = client

    def closed(self, since: str) -> Iterator[Change]:
        """By RT's LastUpdated."""
        return walked(partial(self._client.tickets, self._client.decided), since, full=PAGE)

    def count(self, since: str) -> int:
        """By RT's own count."""
        return self._client.count(self._client.decided, since)

    def decided(self, ticket: ExternalId) -> Decided | None:
        """The ticket as it was opened, and what its fields hold that we did not set.

        A queue may be where the ticket came in: whoever closed it there left it there. A priority
        is nobody's decision until a person has set it.
        """
        shown = self._client.ticket(ticket)
        if shown is None or shown.id != ticket:
            return None
        history = history_of(self._client, shown)
        said = said_in(self._client, shown, history)
        if said is None:
            return None
        told = [turn["body"] for turn in said["thread"] if turn["author"] == "customer"]
        body = said["body"] or next(iter(told), "")
        changes = last_changes(self._client, shown, history)
        last = {name: one.creator for name, one in changes.items()}
        labels = {
            name: value
            for name, value in Fields(self._client.config).held(shown).items()
            if value and name in DECIDED and last.get(name) != self._client.my_name
        }
        if last.get("priority") in {None, *self._client.config.automata}:
            labels.pop("priority", None)
        return Decided(said={**said, "body": body, "thread": []}, labels=labels)
