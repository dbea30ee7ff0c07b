"""The tables of the page: queues, what waits, dead letters, guards, errors, workers."""

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tasks.causes import WaitReason
from tasks.run import State
from worker.broker.names import DEAD_LETTER, QUEUES, UPKEEP, QueueName
from worker.ledgers.accounting import Account
from worker.ledgers.switching import GuardOff
from worker.operating.moments import age
from worker.pages.backlog import Backlog
from worker.pages.figures import NOTHING, count, share, until, usd
from worker.pages.snapshot import Snapshot
from worker.pages.trouble import Fault

MOST_ROWS = 20

WAITS: Mapping[str, str] = {
    WaitReason.RETRY: "tries again by itself",
    WaitReason.RATE: "was told to slow down",
    WaitReason.BREAKER: "something is away; it is probed",
    WaitReason.MONEY: "a budget is spent",
    WaitReason.PARKED: "misconfigured: a key or a model needs you",
    WaitReason.PAUSED: "an operator paused it",
    WaitReason.SETTLE: "more may be on its way",
    WaitReason.LOOP: "two machines may answer each other",
    WaitReason.CAPPED: "its source has had its share of the past hour",
}
FAULTS: Mapping[str, str] = {
    "failed": "an attempt that failed at this stage",
    "waiting": "went to wait",
    "buried": "became a dead letter",
    "lapsed": "its worker died with it in hand",
}
QUEUE_NOTES: Mapping[str, str] = {
    UPKEEP: "polls of the sources",
    DEAD_LETTER: "nobody consumes it: it lies there to be seen",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row of a table: what it is about, a word on that, and the numbers."""

    label: str
    note: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A table of the page. `name` is that of its rows; `empty` stands in its place without any."""

    name: str
    title: str
    columns: tuple[str, ...]
    empty: str


SECTIONS = (
    Section(
        name="queues",
        title="Queues",
        columns=("queue", "waiting", "unacked", "ledger"),
        empty="There are no queues.",
    ),
    Section(
        name="waiting",
        title="Waiting, and why",
        columns=("reason", "tickets", "next"),
        empty="Nothing waits.",
    ),
    Section(
        name="dead",
        title="Dead letters by cause",
        columns=("cause", "letters", "oldest"),
        empty="There are no dead letters.",
    ),
    Section(
        name="breakers",
        title="Breakers",
        columns=("breaker", "state", "failing"),
        empty="Nothing was asked within a day.",
    ),
    Section(
        name="caps",
        title="Caps of today",
        columns=("scope", "spent", "of"),
        empty="There are no caps.",
    ),
    Section(
        name="guards",
        title="Guards that are off",
        columns=("guard", "by", "on again"),
        empty="Every guard is on.",
    ),
    Section(
        name="errors",
        title="Went wrong in the past hour",
        columns=("what", "times", "share"),
        empty="Nothing went wrong.",
    ),
    Section(
        name="workers",
        title="Workers alive",
        columns=("machine · process", "version", "up"),
        empty="No worker is alive.",
    ),
)


def tables(snapshot: Snapshot) -> dict[str, tuple[Row, ...]]:
    """Every row, by the name of its section."""
    backlog = snapshot.backlog
    waits = (
        Row(
            label=wait.reason,
            note=WAITS.get(wait.reason, ""),
            values=(count(wait.count), until(wait.next_at, snapshot.at)),
        )
        for wait in backlog.waits
    )
    workers = (
        Row(
            label=f"{worker.host} · {worker.pid}",
            note=", ".join(worker.tiers),
            values=(worker.version, age(max(0.0, snapshot.at - worker.started_at))),
        )
        for worker in snapshot.workers
    )
    return {
        "queues": tuple(_queue(name, snapshot) for name in QUEUES),
        "waiting": _most(waits),
        "dead": _most(_graves(backlog, snapshot.at)),
        "breakers": _most(_breakers(snapshot)),
        "caps": tuple(_cap(account) for account in snapshot.accounts),
        "guards": tuple(_off(guard, snapshot.at) for guard in snapshot.guards_off),
        "errors": _most(_fault(fault) for fault in snapshot.trouble.faults),
        "workers": _most(workers),
    }


def _most(rows: Iterable[Row]) -> tuple[Row, ...]:
    """No more than fit on a screen; the largest come first, and what is left out is counted."""
    every = tuple(rows)
    left = len(every) - MOST_ROWS
    more = (Row(label=f"and {left} more"),) if left > 0 else ()
    return (*every[:MOST_ROWS], *more)


def _queue(name: QueueName, snapshot: Snapshot) -> Row:
    broker, backlog = snapshot.broker, snapshot.backlog
    known = {DEAD_LETTER: snapshot.books.states[State.DEAD], **backlog.queued}
    ledger = NOTHING if name == UPKEEP else count(known.get(name, 0))
    waiting = count(broker.depths.get(name, 0)) if broker else "?"
    unacked = count(broker.unacked.get(name, 0)) if broker else "?"
    return Row(label=name, note=QUEUE_NOTES.get(name, ""), values=(waiting, unacked, ledger))


def _graves(backlog: Backlog, now: float) -> Iterable[Row]:
    places = Counter(grave.cause for grave in backlog.graves)
    for grave in backlog.graves:
        stage = ("--stage", grave.stage) if places[grave.cause] > 1 else ()
        chosen = ("--cause", grave.cause, *stage)
        yield Row(
            label=f"{grave.cause} at {grave.stage}",
            note=shlex.join(("triage", "dead", "requeue", *chosen, "--yes")),
            values=(count(grave.count), age(max(0.0, now - grave.oldest_at))),
        )


def _breakers(snapshot: Snapshot) -> Iterable[Row]:
    """Those that hold somebody back before those that let everything through."""
    for one in sorted(snapshot.breakers or (), key=lambda one: (not one.holds, one.name)):
        by = f"by {one.by}" if one.by else ""
        probe = f"probed in {age(one.probe_in)}" if one.probe_in is not None else ""
        why = ": ".join(filter(None, (by or probe, one.why)))
        yield Row(
            label=one.name,
            note=why if one.holds else "",
            values=(one.state, NOTHING if one.failing is None else share(one.failing)),
        )


def _cap(account: Account) -> Row:
    closed = f"{count(account.waiting)} wait for tomorrow" if account.is_closed else ""
    return Row(label=account.scope, note=closed, values=(usd(account.spent), usd(account.cap)))


def _off(guard: GuardOff, now: float) -> Row:
    return Row(label=guard.name, note=guard.why, values=(guard.by, until(guard.until, now)))


def _fault(fault: Fault) -> Row:
    return Row(
        label=fault.detail or fault.kind,
        note=FAULTS.get(fault.kind, fault.kind),
        values=(count(fault.count), share(fault.rate)),
    )


def footnotes(snapshot: Snapshot) -> dict[str, str]:
    """What stands below each table, as NAME_fine; empty where nothing has to be said."""
    queues = "On the broker: waiting, and in a worker's hands. In the ledger: queued, or dead."
    if snapshot.broker is None:
        queues = "The broker does not answer. What is queued stands in the ledger; nothing is lost."
    dead = (
        "Mend the cause first; the command then tries them again."
        if snapshot.backlog.graves
        else ""
    )
    claims = snapshot.trouble.claims
    errors = (
        f"Share of {count(claims)} times that a worker took a ticket in hand." if claims else ""
    )
    return {
        "queues_fine": queues,
        "waiting_fine": "",
        "dead_fine": dead,
        "breakers_fine": "The broker does not answer: only the workers know."
        if snapshot.breakers is None
        else "",
        "caps_fine": "Since midnight UTC. `triage spend set-cap` changes them at once.",
        "guards_fine": "`triage guard on NAME --yes` does not wait." if snapshot.guards_off else "",
        "errors_fine": errors if snapshot.trouble.faults else "",
        "workers_fine": "",
    }
