"""Request Tracker as a helpdesk: what it cannot do by itself is made up for here, or declared.

- `If-Match` is checked before RT takes its lock, so two requests may both pass: best effort.
- A request is several changes, each of which is made or not by itself. So the key is set first,
  alone; what this user changes after it belongs to it, by RT's own history.
- A value is stored before the history's entry of it; an RT that dies in between never tells of it.
  So a key that is there without an entry is set once more, before anything is changed under it.
- A note's key stands in its subject, which RT stores with the note in one step; a custom field of
  the note is set in a second one, and a note without its key would be posted again.
"""

import re
from collections import Counter
from collections.abc import Mapping

from config.helpdesk import FieldName, RequestTracker
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import Capabilities, Gone, Moved, Seen, Traces, is_under
from tasks.ticket import ExternalId
from worker.helpdesks.archive import Archive
from worker.helpdesks.feed import Feed
from worker.helpdesks.offload import Threads
from worker.helpdesks.rt.archive import RtArchive
from worker.helpdesks.rt.client import RtClient, Shown, Transaction
from worker.helpdesks.rt.feed import RtFeed
from worker.helpdesks.rt.fields import Fields

SUBJECT = "Triage [{key}]"
KEY_IN_SUBJECT = re.compile(r"\[([^\]]+)\]")
COMMENT = "Comment"
KEPT = 2_000  # tickets whose key is known to stand in the history, by one process


class RtHelpdesk:
    """Keeps the promise of tasks.ports.helpdesk. A ticket is known by its number."""

    def __init__(self, config: RequestTracker, token: str, clock: Clock) -> None:
        self.capabilities = Capabilities(
            conditional_write="best_effort",
            once_only_notes=False,
            settle_seconds=config.settle_seconds,
            history_in_one_step=False,
            write_requests=18,
        )
        self.client = RtClient(config, token, clock)
        self.feed: Feed = RtFeed(self.client)
        self.archive: Archive = RtArchive(self.client)
        self._fields = Fields(config)
        self._told: dict[ExternalId, str] = {}
        self._threads = Threads(config.requests)

    def close(self) -> None:
        """Ends after the requests that are under way."""
        self._threads.close()
        self.client.close()

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        """All fields; the version is RT's last transaction and the key of the last write."""
        return await self._threads.run(lambda: self._look(ticket))

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        """Sets them; where the ticket does not bear the key yet, sets that and says Moved."""
        return await self._threads.run(lambda: self._set_fields(ticket, values, key, version))

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        """Adds a comment."""
        return await self._threads.run(lambda: self._post_note(ticket, body, key))

    async def refuses(
        self,
        ticket: ExternalId,  # noqa: ARG002 - what it has, it has for all
        values: Mapping[str, str],
    ) -> Mapping[str, str]:
        """RT takes a disabled queue, and people do not see it; a missing one it passes over."""
        return await self._threads.run(
            lambda: self._refuses(values) and self._refuses(values, fresh=True)
        )

    async def traces(self, ticket: ExternalId, *, key: str) -> Traces:
        """What the history tells."""
        return await self._threads.run(lambda: self._traces(ticket, key))

    def _refuses(self, values: Mapping[str, str], *, fresh: bool = False) -> Mapping[str, str]:
        if "queue" not in values:
            return {}
        queue = self.client.config.fields["queue"].theirs(values["queue"])
        match self.client.queues(fresh=fresh).get(queue):
            case None:
                return {"queue": f"Request Tracker has no queue {queue}"}
            case False:
                return {"queue": f"the queue {queue} is disabled"}
            case _:
                return {}

    def _shown(self, ticket: ExternalId) -> Shown | Gone:
        shown = self.client.ticket(ticket)
        if shown is None:
            return Gone(f"Request Tracker has no ticket {ticket}")
        if shown.id != ticket:
            return Gone(f"{ticket} was merged into {shown.id}")
        if shown.status in self.client.config.closed:
            return Gone(f"{ticket} is {shown.status}")
        return shown

    def _look(self, ticket: ExternalId) -> Seen | Gone:
        shown = self._shown(ticket)
        if isinstance(shown, Gone):
            return shown
        marked = shown.custom.get(self.client.config.key) or ""
        return Seen(fields=self._fields.held(shown), version=f"{shown.etag} {marked}")

    def _set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], key: str, version: str
    ) -> Moved | Gone | None:
        etag, _, marked = version.partition(" ")
        if marked == key and self._is_told(ticket, key):
            taken = self.client.update(ticket, self._fields.request(values), etag=etag)
            if taken is not None:
                return None
        else:
            # RT notes no change where there is none: a key that is to be told again goes first.
            mark = {self.client.config.key: "" if marked == key else key}
            if self.client.update(ticket, {"CustomFields": mark}, etag=etag) and marked != key:
                self._tell(ticket, key)
        shown = self._shown(ticket)
        return shown if isinstance(shown, Gone) else Moved()

    def _is_told(self, ticket: ExternalId, key: str) -> bool:
        """Whether the history has the entry of that key; what was answered, it has."""
        if self._told.get(ticket) != key:
            shown = self.client.ticket(ticket)
            if shown is None or not any(
                self._fields.marks(entry, shown) and entry.new == key
                for entry in self.client.transactions([("ObjectId", "=", shown.id)])
            ):
                return False
            self._tell(ticket, key)
        return True

    def _tell(self, ticket: ExternalId, key: str) -> None:
        if len(self._told) >= KEPT:
            self._told.clear()
        self._told[ticket] = key

    def _post_note(self, ticket: ExternalId, body: str, key: str) -> Gone | None:
        shown = self._shown(ticket)
        if isinstance(shown, Gone):
            return shown
        self.client.comment(ticket, SUBJECT.format(key=key), body)
        return None

    def _traces(self, ticket: ExternalId, key: str) -> Traces:
        shown = self.client.ticket(ticket)
        if shown is None:
            return Traces()
        counts = Counter[str]()
        last, chosen = dict[str, str | None](), dict[str, str | None]()
        marked = ""
        for entry in self.client.transactions([("ObjectId", "=", shown.id)]):
            changed = self._fields.changes(entry, shown)
            if entry.creator == self.client.my_name:
                if self._fields.marks(entry, shown):
                    marked = entry.new
                made: dict[str, str] = {name: f"{marked}:{name}" for name in changed}
                counts.update([*made.values(), *_key_of(entry)])
                last |= made
            elif entry.creator not in self.client.config.automata:
                last |= dict.fromkeys(changed)
                chosen |= {name: self._set_to(name, entry) for name in changed}
        found = {one: n for one, n in counts.items() if is_under(one, key)}
        return Traces(counts=found, last=last, chosen=chosen)

    def _set_to(self, name: FieldName, entry: Transaction) -> str | None:
        """In our values; of queues RT tells the number."""
        theirs = self.client.config.fields[name]
        new = self.client.queue(entry.new) if theirs.name == "Queue" else entry.new
        return theirs.ours(new) if new else None


def _key_of(entry: Transaction) -> list[str]:
    return KEY_IN_SUBJECT.findall(entry.data)[:1] if entry.type == COMMENT else []
