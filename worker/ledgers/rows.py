"""Status rows, events and texts: the one place that knows how they lie in columns."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from config.mode import Mode
from tasks.events import Event, Kind
from tasks.ports.ledger import Claimed, Intent, Sealed, SealedKey
from tasks.run import Outcome, Run, State

RUN_COLUMNS = tuple(field.name for field in fields(Run))
BORN_WITH = frozenset(
    (
        "id",
        "ticket",
        "source",
        "external_id",
        "requester",
        "digest",
        "revision",
        "ingested_at",
        "mode",
    )
)
BOOLEANS = frozenset({"suspect", "alone"})
"""SQLite knows no such type."""

MUTABLE = tuple(name for name in RUN_COLUMNS if name not in BORN_WITH)
"""Columns that events change; the others are given at birth."""

_run_values = attrgetter(*RUN_COLUMNS)
_status_values = attrgetter(*MUTABLE)

UNSOUND = re.compile("[\x00\ud800-\udfff]")
"""Characters that not every database takes: NUL, and halves of surrogate pairs."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


def sound(value: Any) -> Any:  # noqa: ANN401 - whatever a column or JSON holds
    """The same, with U+FFFD for every character that not every database takes."""
    match value:
        case str():
            return UNSOUND.sub("\ufffd", value)
        case Mapping():
            return {sound(key): sound(held) for key, held in value.items()}
        case list() | tuple():
            return [sound(held) for held in value]
        case _:
            return value


def encoded(value: object) -> str:
    """As JSON in ASCII that any database takes."""
    text = _encode(value)
    # A quick look first: nearly always there is neither NUL nor any half of a pair.
    return _encode(sound(value)) if "\\u0000" in text or "\\ud" in text else text


def run_values(run: Run) -> Sequence[Any]:
    """The status row in RUN_COLUMNS."""
    return _sound_row(_run_values(run))


def status_values(run: Run) -> Sequence[Any]:
    """The status row in MUTABLE."""
    return _sound_row(_status_values(run))


def _sound_row(values: Sequence[Any]) -> Sequence[Any]:
    texts = "".join([value for value in values if isinstance(value, str)])
    if texts.isascii() and "\x00" not in texts:
        return values
    return [sound(value) for value in values]


def run_of(row: Sequence[Any]) -> Run:
    """The run in a row of RUN_COLUMNS, in that order."""
    found: dict[str, Any] = dict(zip(RUN_COLUMNS, row, strict=True))
    found["state"] = State(found["state"])
    for name in BOOLEANS:
        found[name] = bool(found[name])
    found["outcome"] = Outcome(found["outcome"]) if found["outcome"] else None
    found["mode"] = Mode(found["mode"]) if found["mode"] else None
    return Run(**found)


EVENT_COLUMNS = ("run", "seq", "at", "kind", "body")


def event_values(event: Event) -> tuple[Any, ...]:
    """An event in EVENT_COLUMNS."""
    return (event.run, event.seq, event.at, str(event.kind), encoded(event.body))


def event_of(row: Sequence[Any]) -> Event:
    """The event in a row of EVENT_COLUMNS."""
    run, seq, at, kind, body = row
    return Event(run=run, seq=seq, at=at, kind=Kind(kind), body=json.loads(body))


BODY_COLUMNS = ("run", "name", "requester", "cipher", "expires_at")

body_values = attrgetter(*BODY_COLUMNS)
"""A sealed text in BODY_COLUMNS."""

WRITE_COLUMNS = (
    "key",
    "run",
    "target",
    "before",
    "wanted",
    "outcome",
    "holds",
    "sweep_at",
    "seq",
)

_write_values = attrgetter(*WRITE_COLUMNS)


def write_rows(writes: Sequence[Intent]) -> list[list[Any]]:
    """Writes in WRITE_COLUMNS, of each key the last."""
    return [
        sound(_write_values(write)) for write in {write.key: write for write in writes}.values()
    ]


def claimed_of(run: Run, key: bytes | None, cipher: bytes | None, expires_at: float) -> Claimed:
    """A claimed run with its requester's key and its ticket, as far as they are still there."""
    sealed = None
    if cipher is not None:
        sealed = Sealed(
            run=run.id,
            name="ticket",
            requester=run.requester,
            cipher=cipher,
            expires_at=expires_at,
        )
    return Claimed(
        run=run,
        key=SealedKey(requester=run.requester, cipher=key) if key is not None else None,
        ticket=sealed,
    )
