"""The journal of one run: turns entries into a fenced, durable change of the ledger."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from pydantic import ValidationError

from tasks.causes import WaitReason
from tasks.chronicle import Entry
from tasks.context import Closed, Earlier
from tasks.desk import Past
from tasks.errands.hand_over import is_hand_over
from tasks.events import Body, Event, Kind
from tasks.journey import advance
from tasks.ports.clock import Clock
from tasks.ports.ledger import Change, Intent, Ledger, Reserved, SealedKey
from tasks.run import Run
from tasks.ticket import Ticket
from worker.carrying.group_writer import GroupWriter
from worker.ledgers.errors import RunLost
from worker.privacy.vault import Unreadable, Vault


class Notebook:
    """Implements tasks.desk.Journal for the run that its holder has claimed."""

    def __init__(
        self,
        run: Run,
        key: SealedKey | None,
        *,
        ledger: Ledger,
        writer: GroupWriter,
        vault: Vault,
        clock: Clock,
        restored: bool = False,
    ) -> None:
        """`key`: None where the requester was forgotten: then no text is kept.

        `restored`: the ledger was put back from a backup; the helpdesk may know more.
        """
        self.run = run
        self.key = key
        self._written_before = 0.0 if restored else None  # settled long ago, whatever it was
        self._begun_at = run.seq
        self._ledger = ledger
        self._writer = writer
        self._vault = vault
        self._clock = clock

    async def record(
        self,
        kind: Kind,
        body: Body,
        *,
        texts: Mapping[str, str] | None = None,
        writes: tuple[Intent, ...] = (),
    ) -> None:
        """Durable when it returns. Raises RunLost when somebody else has moved the run."""
        await self.enter(Entry(kind=kind, body=body, texts=texts or {}, writes=writes))

    async def enter(self, *entries: Entry) -> Run:
        """All entries in one commit; the run as it then stands. Raises RunLost.

        Whoever is cancelled meanwhile leaves with `run` as the ledger has it: what is handed in
        cannot be called back, and where the run stands must be known to let go of it.
        """
        change = change_of(self.run, entries, self.key, vault=self._vault, clock=self._clock)
        committing = self._writer.hand_in(change)
        try:
            await asyncio.shield(committing)
        except asyncio.CancelledError:
            self._stand(change, accepted=await committing)
            raise
        return self._stand(change, accepted=committing.result())

    async def reserve(
        self, kind: Kind, body: Body, *, texts: Mapping[str, str] | None = None
    ) -> bool:
        """As record; False, and nothing is recorded, where the money does not fit under a cap."""
        entry = Entry(kind=kind, body=body, texts=texts or {})
        change = change_of(self.run, (entry,), self.key, vault=self._vault, clock=self._clock)
        reserving = self._writer.reserve(change)
        try:
            came = await asyncio.shield(reserving)
        except asyncio.CancelledError:
            came = await reserving
            if came is not Reserved.SHORT:
                self._stand(change, accepted=came is Reserved.DONE)
            raise
        if came is Reserved.SHORT:
            return False
        self._stand(change, accepted=came is Reserved.DONE)
        return True

    async def past(self) -> Past:
        """A first revision that nobody claimed before has none, and costs no question."""
        key = write_key(self.run)
        if self.run.revision == 1 and self.run.fence == 1:
            return Past(key=key, sent_until=self._written_before)
        return await asyncio.to_thread(self._past, key)

    async def earlier(self, most: int) -> Sequence[Closed]:
        """The newest of the requester's other tickets that were routed."""
        return await asyncio.to_thread(self._closed, most)

    def _closed(self, most: int) -> Sequence[Closed]:
        runs = self._ledger.routed_before(self.run, most)
        return [Closed(run.ticket, _earlier(run), self._text_of(run)) for run in runs]

    def _text_of(self, run: Run) -> Ticket | None:
        """Whoever was forgotten and writes again has another key, and reads nothing of then."""
        if self.key is None:
            return None
        for sealed in self._ledger.bodies(run.id, ["ticket"]):
            with suppress(Unreadable, ValidationError):
                return Ticket.model_validate_json(self._vault.open(sealed, self.key))
        return None

    def _past(self, key: str) -> Past:
        every = self._ledger.writes(self.run.id)
        handed = tuple(one for one in every if is_hand_over(one))
        own = tuple(one for one in every if not is_hand_over(one))
        events = self._ledger.events(self.run.id) if own else ()
        before = [event for event in events if event.seq <= self._begun_at]
        sent_until, since = _let_go(before)
        return Past(
            key=key,
            earlier=self._earlier(),
            own=own,
            handed=handed,
            sent_until=self._written_before if sent_until is None else sent_until,
            has_settled=any(event.body.get("reason") == WaitReason.SETTLE for event in since),
        )

    def _earlier(self) -> Sequence[Intent]:
        return self._ledger.earlier_writes(self.run) if self.run.revision > 1 else ()

    def _stand(self, change: Change, *, accepted: bool) -> Run:
        if not accepted:
            message = f"run {self.run.id} was moved by somebody else"
            raise RunLost(message)
        self.run = change.after
        return self.run


def past_of(key: str, writes: Sequence[Intent], events: Sequence[Event]) -> Past:
    """What was meant to be written under that key alone, by a run with these writes and events."""
    own = [write for write in writes if write.key.startswith(f"{key}:")]
    if not own:
        return Past(key=key)
    sent_until, since = _let_go(events)
    return Past(
        key=key,
        own=own,
        sent_until=sent_until,
        has_settled=any(event.body.get("reason") == WaitReason.SETTLE for event in since),
    )


def _let_go(events: Sequence[Event]) -> tuple[float | None, Sequence[Event]]:
    """When the last one who meant to write let go of the run, or lost it; and what came then."""
    ends = [n for n, event in enumerate(events, 1) if event.kind is Kind.INTENDED]
    if not ends or ends[-1] == len(events):
        return None, ()
    since = events[ends[-1] :]
    return since[0].at, since


def _earlier(run: Run) -> Earlier:
    when = datetime.fromtimestamp(run.ingested_at, UTC).date()
    words = f"priority {run.priority}, sent to {run.queue}, {run.outcome}"
    return Earlier(when=when, issue_type=run.issue_type or "unknown", outcome=words)


def write_key(run: Run) -> str:
    """What the helpdesk knows this revision's writes by."""
    return f"tf-{run.ticket[:12]}{run.digest[:12]}"


def change_of(
    run: Run, entries: tuple[Entry, ...], key: SealedKey | None, *, vault: Vault, clock: Clock
) -> Change:
    """The change that these entries make, their texts sealed as NAME.SEQ.

    Texts are left out where the requester has no key any more: they asked to be forgotten.
    """
    at = clock.now()
    after = run
    events: list[Event] = []
    bodies = []
    for entry in entries:
        event = Event(run=run.id, seq=after.seq + 1, at=at, kind=entry.kind, body=entry.body)
        after = advance(after, event)
        events.append(event)
        if key is not None:
            bodies += [
                vault.seal(text, run=run.id, name=f"{name}.{event.seq}", key=key, at=at)
                for name, text in entry.texts.items()
            ]
    writes = tuple(
        replace(write, seq=write.seq or event.seq)
        for entry, event in zip(entries, events, strict=True)
        for write in entry.writes
    )
    return Change(
        before=run, after=after, events=tuple(events), bodies=tuple(bodies), writes=writes
    )
