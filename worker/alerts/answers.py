"""Under which names models have answered: a provider that swaps one for another says so there."""

import re
from collections.abc import Mapping

from sqlalchemy import Connection, select

from tasks.events import Kind
from worker.ledgers import schema
from worker.ledgers.told import told

PREFIX = "answers "
NEWEST = 200
"""Answers that are read at each look; a model that was swapped shows in every one of them."""

MOST_NAMES = 20
"""Of one model that are kept: a provider that makes one up each time fills no ledger."""

STRANGE = re.compile(r"[^\w.:/@+-]")
LONGEST = 80

Answers = Mapping[str, Mapping[str, float]]
"""Model -> the names that it answered under -> when each was first seen."""


def answers_of(marks: Mapping[str, float]) -> Answers:
    """From the ledger's marks."""
    found: dict[str, dict[str, float]] = {}
    for mark, at in marks.items():
        model, _, name = mark.removeprefix(PREFIX).partition(" ")
        found.setdefault(model, {})[name] = at
    return found


def read_answers(connection: Connection) -> frozenset[tuple[str, str]]:
    """Model and the name it answered under, of the newest answers; ours repeated is none."""
    events = schema.events
    newest = (
        select(told(connection, "model").label("m"), told(connection, "model_answered").label("a"))
        .where(events.c.kind == str(Kind.ANSWERED))
        .order_by(events.c.at.desc())
        .limit(NEWEST)
        .subquery()
    )
    rows = connection.execute(select(newest.c.m, newest.c.a).distinct())
    pairs = ((str(model), plain(str(name))) for model, name in rows if model and name)
    return frozenset((model, name) for model, name in pairs if name != model)


def new_marks(known: Answers, seen: frozenset[tuple[str, str]]) -> frozenset[str]:
    """What is to be marked."""
    return frozenset(
        f"{PREFIX}{model} {name}"
        for model, name in seen
        if name not in known.get(model, {}) and len(known.get(model, {})) < MOST_NAMES
    )


def plain(name: str) -> str:
    """A name as a line may hold it, whatever the provider has sent."""
    return STRANGE.sub("?", name)[:LONGEST]
