"""The invariants of docs/reliability.md, from three records that know nothing of each other.

They are the ledger, the helpdesk's own history, and the provider's log of requests.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import cast

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tasks.delivery import BACK
from tasks.events import Event, Kind
from tasks.journey import fold
from tasks.ports.ledger import Intent
from tasks.run import Run, State
from tests.chaos.entailed import ends
from tests.chaos.evidence import Found, Records
from tests.chaos.script import CANARY, SECRET, Family, script
from tests.chaos.verdict_on_breakers import left_alone
from tests.chaos.verdict_on_money import paid
from tests.chaos.verdict_on_retries import within_budget
from worker.helpdesks.shown import MACHINE, ShownTicket

OVER = (State.WRITTEN, State.IN_REVIEW, State.DEAD, State.DROPPED)
DONE = ("applied", "already", "kept")


def one_place(records: Records) -> Found:
    """I1: every ticket that was brought is there once, and has come to rest."""
    brought = [script(records.seed, n) for n in range(records.brought)]
    malformed = sum(one.family is Family.MALFORMED for one in brought)
    at_door = [run for run in records.runs if run.stage == "intake"]
    if len(at_door) != malformed:
        yield f"{malformed} malformed lines were brought, {len(at_door)} are dead letters"
    for one in brought:
        if one.family is not Family.MALFORMED and one.id not in records.tickets:
            yield f"{one.id} was brought and is nowhere"
    for run in records.runs:
        if run.state not in OVER:
            yield f"{run.external_id} is left over: {run.state} {run.reason}"
    if not records.ledger.books().balanced:
        yield "the books do not balance"


def once(records: Records) -> Found:
    """I2: each write took effect once, where it is recorded so, and nothing without an intent."""
    for name, runs in records.tickets.items():
        shown = records.shown[name]
        found = Counter(
            key
            for key in (*(c.key for c in shown.history), *(note.key for note in shown.notes))
            if key
        )
        intents = [intent for run in runs for intent in records.intents[run.id]]
        twins = {
            str(event.body["key"])
            for run in runs
            for event in records.events[run.id]
            if event.kind is Kind.TWINS
        }
        for intent in intents:
            known, _, target = intent.key.partition(":")
            yield from _effect(
                intent,
                found[intent.key],
                is_known_twin=intent.key in twins,
                is_taken_back=f"{known}{BACK}:{target}" in found,
            )
        for key in set(found) - {intent.key for intent in intents}:
            yield f"{name}: {key} is in the helpdesk and was never intended"
        yield from _values(records, runs[-1], shown)


def _effect(
    intent: Intent, count: int, *, is_known_twin: bool, is_taken_back: bool = False
) -> Found:
    told = f"{intent.key} of {intent.run}"
    if count > 1 and not is_known_twin:
        yield f"{told} is there {count} times"
    if intent.outcome == "applied" and count == 0:
        yield f"{told} is recorded as applied and is not there"
    if intent.outcome in ("kept", "already", "left", "gone") and count and not is_taken_back:
        yield f"{told} is recorded as {intent.outcome} and is there"


def _values(records: Records, run: Run, shown: ShownTicket) -> Found:
    intents = records.intents[run.id]
    if run.state is State.WRITTEN:
        if open_ones := [one.key for one in intents if one.outcome not in DONE]:
            yield f"{run.external_id} is written, and nobody knows of {open_ones}"
        last = {change.field: change for change in shown.history}
        # Of several writes to one field the last one counts: people may have had it before.
        meant = _meant_at(records.events[run.id])
        ordered = sorted(intents, key=lambda one: meant.get(one.key, one.seq or 0))
        for one in {one.target: one for one in ordered}.values():
            if one.outcome == "applied" and one.target in shown.fields:
                by_us = last[one.target].author == MACHINE
                if by_us and shown.fields[one.target] != one.wanted:
                    yield f"{run.external_id}: {one.target} is {shown.fields[one.target]}"


def _meant_at(events: Sequence[Event]) -> dict[str, int]:
    """Which event meant each key to be written last."""
    return {
        str(key): event.seq
        for event in events
        if event.kind is Kind.INTENDED
        for key in cast("Sequence[object]", event.body["keys"])
    }


def no_edit_lost(records: Records) -> Found:
    """I3: what a person chose was never replaced by the machine."""
    for name, shown in records.shown.items():
        for earlier, later in combinations(shown.history, 2):
            if earlier.field == later.field and earlier.author != MACHINE == later.author:
                yield f"{name}: {earlier.author}'s {earlier.field} was replaced"


def append_only(records: Records) -> Found:
    """I4: events are dense, replay to the status row, and can be neither changed nor removed."""
    for run in records.runs:
        events = records.events[run.id]
        if [event.seq for event in events] != list(range(1, len(events) + 1)):
            yield f"{run.external_id}: events {[event.seq for event in events]}"
        elif fold(events) != run:
            yield f"{run.external_id}: the events do not replay to the status row"
    for statement in ("UPDATE events SET kind = 'x'", "DELETE FROM events"):
        engine = records.ledger.engine
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
        except DBAPIError:
            continue
        yield f"{statement} was accepted"


def acknowledged(records: Records) -> Found:
    """I5: what lies before a source's cursor is in the ledger: all of it was brought once.

    Whatever is missing shows in I1; here, whether anything was taken in twice.
    """
    for name, runs in records.tickets.items():
        if len({run.digest for run in runs}) != len(runs):
            yield f"{name} was taken in twice"
        if [run.revision for run in runs] != list(range(1, len(runs) + 1)):
            yield f"{name}: revisions {[run.revision for run in runs]}"


def fenced(records: Records) -> Found:
    """I9: between a claim and the next one, nothing was recorded by anybody else."""
    for run in records.runs:
        holder: object = None
        for event in records.events[run.id]:
            if event.kind is Kind.CLAIMED:
                if holder is not None:
                    yield f"{run.external_id}: claimed at {event.seq} while {holder} had it"
                holder = event.body["owner"]
            elif event.kind in LETTING_GO:
                holder = None


LETTING_GO = (
    Kind.RELEASED,
    Kind.LAPSED,
    Kind.WAITING,
    Kind.PROMOTED,
    Kind.WRITTEN,
    Kind.IN_REVIEW,
    Kind.BURIED,
    Kind.DROPPED,
    Kind.DIED,
    Kind.SENT,
)


def told(records: Records) -> Found:
    """I11: each dead letter says why, and after how many attempts."""
    for run in records.runs:
        if run.state is State.DEAD:
            kinds = [event.kind for event in records.events[run.id]]
            if not (run.reason and run.why and Kind.BURIED in kinds):
                yield f"{run.external_id} is dead without a cause: {run.reason} {run.why}"


def discreet(records: Records) -> Found:
    """I12: no customer's word and no key in any log."""
    for path in records.logs.iterdir():
        content = path.read_bytes()
        for secret in (CANARY, SECRET):
            if secret.encode() in content:
                yield f"{secret} is in {path.name}"


def as_scripted(records: Records) -> Found:
    """I13: each ticket ended where its script entails."""
    for name, runs in records.tickets.items():
        *older, newest = runs
        entailed = ends(records, name)
        end = (newest.state, newest.reason)
        if end not in entailed:
            yield f"{name} ended {end} and not {sorted(map(str, entailed))}: {newest.why}"
        for run in older:
            if (run.state, run.reason) not in {*entailed, (State.DROPPED, "superseded")}:
                yield f"{name} revision {run.revision} ended {run.state} {run.reason}: {run.why}"


INVARIANTS: dict[str, Callable[[Records], Found]] = {
    "I1": one_place,
    "I2": once,
    "I3": no_edit_lost,
    "I4": append_only,
    "I5": acknowledged,
    "I6": paid,
    "I7": within_budget,
    "I8": left_alone,
    "I9": fenced,
    "I11": told,
    "I12": discreet,
    "I13": as_scripted,
}


def judge(records: Records) -> dict[str, list[str]]:
    """Every violation of every invariant."""
    return {name: list(check(records)) for name, check in INVARIANTS.items()}


def twins(records: Records) -> int:
    """How many notes are there twice, found by the sweep."""
    return sum(event.kind is Kind.TWINS for events in records.events.values() for event in events)


def repeated(records: Records) -> int:
    """Requests of whose outcome the ledger knows nothing: they were under way in a death."""
    return sum(call.request is not None and not call.ask.is_settled for call in records.calls)
