"""Takes messages in: each once, whoever brings it and however often."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

from config.load import Config
from config.mode import Mode
from config.settings import FirstDay
from tasks.causes import WaitReason
from tasks.intake import Malformed, parse_ticket, taken, unreadable
from tasks.ports.clock import Clock
from tasks.ports.facts import CustomerFacts
from tasks.ports.inbox import Inbox, Message, Page, Standing
from tasks.ports.ledger import Arrival, Cursor, SealedKey, Source
from tasks.routing import route_at_once
from tasks.run import RunId, State
from tasks.ticket import ExternalId, Ticket
from tasks.waypoints import Waypoint, passing
from worker.broker.errors import BrokerDown
from worker.broker.queues import Broker
from worker.carrying.hints import hint_of
from worker.chance import run_id
from worker.corrections import HELD, Corrections
from worker.inboxes.labels import labels_of
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault, digest
from worker.telemetry.log import Log

LABELS = "labels"
"""Under which what people had decided is kept, of a run that is there to be compared with them."""

Item = TypeVar("Item")
Deliver = Callable[[Sequence[tuple[str, Ticket]]], Sequence[bool]]
"""Makes tickets (with their source) known to a helpdesk that has no intake of its own.

False for each whose name there is another customer's.
"""

Read = tuple[Message, Ticket | Malformed]


@dataclass(frozen=True, kw_only=True, slots=True)
class Polled:
    """What one poll brought. `seen = ingested + known`; `malformed` is part of `ingested`."""

    seen: int = 0
    ingested: int = 0
    known: int = 0
    malformed: int = 0
    superseded: int = 0
    unsent: int = 0  # ingested, but the broker did not take the message; the reaper sends it
    capped: int = 0  # ingested, and wait until their source's hour has room for them

    def plus(self, other: "Polled") -> "Polled":
        """Both together."""
        return Polled(
            seen=self.seen + other.seen,
            ingested=self.ingested + other.ingested,
            known=self.known + other.known,
            malformed=self.malformed + other.malformed,
            superseded=self.superseded + other.superseded,
            unsent=self.unsent + other.unsent,
            capped=self.capped + other.capped,
        )


@dataclass(frozen=True, kw_only=True)
class Intake:
    """Reads a source page by page; cursor and tickets of a page are committed together."""

    ledger: SqlLedger
    vault: Vault
    broker: Broker
    clock: Clock
    facts: CustomerFacts
    config: Config
    deliver: Deliver
    log: Log
    first_day: FirstDay | None = None  # what a source that is new begins with; None: it may do all
    mode: Mode | None = None  # of every run, where it is more careful than its source

    def poll(
        self,
        inbox: Inbox,
        progress: Callable[[Polled], None] | None = None,
        *,
        afresh: bool = False,
        limit: int | None = None,
    ) -> Polled:
        """Everything that came since the last poll. Raises SourceDown, LedgerDown.

        One page is read and sealed while the one before it is committed; their order stays.
        `afresh`: everything from where the inbox itself begins, and the next poll goes on where it
        would have without. `limit`: tickets in one page.
        """
        total = Polled()
        with ThreadPoolExecutor(1, thread_name_prefix="intake") as committer:
            pages = (
                self._prepare(None if afresh else inbox.name, page)
                for page in self._pages(inbox, limit, afresh=afresh)
            )
            for taking in _one_ahead(committer.submit(self._take, page) for page in pages):
                total = total.plus(taking.result())
                if progress:
                    progress(total)
        self.log.info("intake.polled", source=inbox.name, seen=total.seen, new=total.ingested)
        return total

    def _pages(self, inbox: Inbox, limit: int | None, *, afresh: bool) -> Iterator[Page]:
        known = None if afresh else self.ledger.cursor(inbox.name)
        position = known or self._begin(inbox, afresh=afresh)
        more = True
        while more:
            page = inbox.read(position, limit=limit or self.config.settings.intake.batch)
            for ticket, why in page.unread.items():
                self.log.warning("intake.unread", source=inbox.name, ticket=ticket, why=why)
            yield page
            position, more = page.position, page.more

    def _begin(self, inbox: Inbox, *, afresh: bool) -> str | None:
        """Where a first poll begins. How far the source is trusted stands before its first run.

        So does where it begins: what comes until a poll succeeds would else be nobody's.
        """
        position = inbox.start()  # of one that does not answer nothing is kept
        if self.first_day and self.ledger.cursor(inbox.name) is None:
            now = self.clock.now()
            source = Source(
                name=inbox.name,
                mode=self.first_day.mode,
                per_hour=self.first_day.per_hour,
                since=now,
                by="triage-fleet",
                why="it is new",
            )
            begins = not afresh and position
            cursor = Cursor(source=inbox.name, position=begins, polled_at=now) if begins else None
            self.ledger.begin_source(source, cursor)
        # Somebody else's stands, who was quicker.
        return position if afresh else self.ledger.cursor(inbox.name) or position

    def _prepare(self, source: str | None, page: Page) -> "_Prepared":
        now = self.clock.now()
        read = self._deliver([(message, self._read(message)) for message in page.messages])
        whose = [self._requester(message, found) for message, found in read]
        keys = self._keys(whose)
        runs = sorted(run_id(now) for _ in read)  # of a page, too, the first is the oldest
        arrivals = [
            self._arrival(run, message, found, keys[requester], now)
            for run, (message, found), requester in zip(runs, read, whose, strict=True)
        ]
        cursor = source and Cursor(source=source, position=page.position, polled_at=now)
        return _Prepared(arrivals, cursor or None, page.standings)

    def _take(self, page: "_Prepared") -> Polled:
        # First: a page whose tickets were taken in is not read again.
        self._corrections.read(page.standings)
        passing(Waypoint.TAKING_IN)
        taken = self.ledger.ingest(page.arrivals, cursor=page.cursor)
        passing(Waypoint.TAKEN_IN)
        queued = [run for run in taken.runs if run.state is State.QUEUED]
        unsent = 0
        try:
            self.broker.push([hint_of(run) for run in queued])
        except BrokerDown:
            # The ledger has them; the reaper sends what the broker does not hold.
            unsent = len(queued)
            self.log.warning("intake.unsent", count=unsent)
        return Polled(
            seen=len(page.arrivals),
            ingested=len(taken.runs),
            known=taken.known,
            malformed=sum(run.stage == "intake" for run in taken.runs),
            superseded=taken.superseded,
            unsent=unsent,
            capped=sum(run.reason == WaitReason.CAPPED for run in taken.runs),
        )

    @property
    def _corrections(self) -> Corrections:
        return Corrections(ledger=self.ledger, vault=self.vault, clock=self.clock, log=self.log)

    def _deliver(self, read: Sequence[Read]) -> list[Read]:
        """What was read, but for tickets whose name is another customer's in the helpdesk."""
        tickets = [(message.source, found) for message, found in read if isinstance(found, Ticket)]
        accepted = iter(self.deliver(tickets))
        return [
            (message, taken(found) if isinstance(found, Ticket) and not next(accepted) else found)
            for message, found in read
        ]

    def _read(self, message: Message) -> Ticket | Malformed:
        most = self.config.settings.intake.body_bytes
        if message.unread is not None:
            return unreadable(message.raw, message.unread, body_bytes=most)
        return parse_ticket(message.raw, body_bytes=most)

    def _requester(self, message: Message, found: Ticket | Malformed) -> str:
        """A malformed message has a requester of its own, since nobody can say whose it is."""
        if isinstance(found, Ticket):
            return self.vault.requester(found.requester.email)
        return self.vault.requester(f"malformed {digest(message.raw)}")

    def _keys(self, requesters: Sequence[str]) -> dict[str, SealedKey]:
        """The key that stands for each requester; another intake may have made it just now."""
        fresh = [self.vault.new_key(name) for name in dict.fromkeys(requesters)]
        return dict(self.ledger.keep_keys(fresh))

    def _arrival(
        self, run: RunId, message: Message, found: Ticket | Malformed, key: SealedKey, now: float
    ) -> Arrival:
        if isinstance(found, Malformed):
            raw = self.vault.seal_bytes(message.raw, run=run, name="raw", key=key, at=now)
            hashed = digest(message.raw)
            return Arrival(
                run=run,
                source=message.source,
                external_id=found.external_id or ExternalId(f"malformed-{hashed[:12]}"),
                requester=key.requester,
                digest=hashed,
                tier=self.config.tiers.default,
                at=now,
                bodies=(raw,),
                malformed=(found.cause, found.why),
            )
        texts = [self.vault.seal(found.as_json(), run=run, name="ticket", key=key, at=now)]
        if self.mode is Mode.SHADOW and (labels := labels_of(message.raw)):
            said = json.dumps(labels[1])  # for the report that compares; no stage reads it
            texts.append(self.vault.seal(said, run=run, name=LABELS, key=key, at=now))
        if message.held is not None:
            held = json.dumps(dict(message.held))
            texts.append(self.vault.seal(held, run=run, name=HELD, key=key, at=now))
        routed = route_at_once(found, self.facts, self.config.tiers)
        return Arrival(
            run=run,
            source=message.source,
            external_id=found.id,
            requester=key.requester,
            digest=found.digest(),
            tier=routed.tier,
            customer_tier=routed.customer_tier,
            at=now,
            bodies=tuple(texts),
            mode=self.mode,
        )


class _Prepared(NamedTuple):
    """A page that was read and sealed."""

    arrivals: list[Arrival]
    cursor: Cursor | None
    standings: tuple[Standing, ...]


def _one_ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same, each given out when the next one has begun."""
    last = list(islice(items, 1))
    for item in items:
        yield last.pop()
        last.append(item)
    yield from last
