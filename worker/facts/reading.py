"""What a source answered, read as config says: all of it fits, or none of it counts.

A row left out in silence would be a wrong fact: "no failed payment" said of one that failed.
"""

from collections.abc import Mapping, Sequence

from pydantic import ValidationError

from config.facts import FIELDS, Fact, FactKind, Theirs
from tasks.errors import FactsDown
from tasks.facts import Account, BillingEvent, Incident, Interaction
from tasks.ticket import Value
from worker.facts.source import Found, Who
from worker.facts.values import CONVERT, Unfit, moment

MOST_ROWS = 1_000
"""Of one customer; an answer with more was not about one."""

MODELS: Mapping[FactKind, type[Value]] = {
    "account": Account,
    "billing": BillingEvent,
    "incidents": Incident,
    "interactions": Interaction,
}

MISSING = object()


def read_rows(kind: FactKind, fact: Fact, rows: Sequence[Mapping[str, object]], who: Who) -> Found:
    """A database's rows by their columns. Raises FactsDown."""
    told = f"{fact.source}, {kind}"
    oldest = [_as_of(fact.as_of, row, told) for row in rows] if fact.as_of else []
    return Found(_all(kind, fact, rows, who, told), min(oldest, default=None))


def read_document(kind: FactKind, fact: Fact, document: object, who: Who) -> Found:
    """A service's answer; null where an account should be says that there is none.

    Raises FactsDown.
    """
    told = f"{fact.source}, {kind}"
    inner = look(document, fact.at) if fact.at else document
    if inner is MISSING:
        message = f"{told}: the answer has nothing at {fact.at!r}"
        raise FactsDown(message)
    if kind == "account" and not fact.listed:
        rows: object = [] if inner is None else [inner]
    else:
        rows = inner
    if not isinstance(rows, list):
        message = f"{told}: the answer has no list{f' at {fact.at!r}' if fact.at else ''}"
        raise FactsDown(message)
    found = _all(kind, fact, rows, who, told)
    # What is said of nobody is not dated.
    dated = _as_of(fact.as_of, document, told) if fact.as_of and (found or rows) else None
    return Found(found, dated)


def look(row: object, way: str) -> object:
    """What stands there: under this very name, else step by step; else MISSING."""
    if isinstance(row, Mapping) and way in row:
        return row[way]
    here = row
    for step in way.removeprefix("/").split("/" if way.startswith("/") else "."):
        match here:
            case Mapping() if step in here:
                here = here[step]
            case list() if step.isdecimal() and step.isascii() and len(step) < DIGITS:
                here = here[int(step)] if int(step) < len(here) else MISSING
            case _:
                return MISSING
    return here


DIGITS = 9
"""Of a place in a list, less one."""


def _all(
    kind: FactKind, fact: Fact, rows: Sequence[object], who: Who, told: str
) -> tuple[Value, ...]:
    most = 1 if kind == "account" else MOST_ROWS
    if len(rows) > most:
        problem = "several accounts have this address" if most == 1 else f"more than {most} rows"
        message = f"{told}: {problem}"
        raise FactsDown(message)
    found = []
    for number, row in enumerate(rows, 1):
        try:
            found.append(_one(kind, fact, row, who))
        except Unfit as unfit:
            message = f"{told}{'' if most == 1 else f', row {number}'}: {unfit}"
            # Nothing of the row is kept, and so nothing of it can be told.
            raise FactsDown(message) from None
    return tuple(found)


def _one(kind: FactKind, fact: Fact, row: object, who: Who) -> Value:
    if not isinstance(row, Mapping):
        raise Unfit("it is no object")
    _refuse_anothers(kind, fact, row, who)
    needed = FIELDS[kind].needed
    found = {
        name: _field(row, name, theirs, needed=name in needed)
        for name, theirs in fact.fields.items()
    }
    given = {"issue_types": ()} if kind == "incidents" else {}
    said = {name: value for name, value in found.items() if value is not None}
    try:
        return MODELS[kind].model_validate({**given, **said})
    except ValidationError as error:  # what CONVERT gives fits: this is for what nobody thought of
        [first, *_] = error.errors(include_url=False, include_context=False, include_input=False)
        message = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise Unfit(message) from None


def _field(row: object, name: str, theirs: Theirs, *, needed: bool) -> object:
    found = look(row, theirs.name) if theirs.value is None else theirs.value
    if found is None or found is MISSING:
        found = theirs.default
    if found is None:
        if needed:
            message = f"{name} ({theirs.name!r} there) is missing"
            raise Unfit(message)
        return None
    try:
        return CONVERT[name](found, theirs)
    except Unfit as unfit:
        message = f"{name} ({theirs.name!r} there) {unfit}"
        raise Unfit(message) from None


def _refuse_anothers(kind: FactKind, fact: Fact, row: object, who: Who) -> None:
    """A service that does not know a filter answers with the first customer that it has."""
    if not fact.whose:
        return
    by_id = kind != "account" and "customer_id" in fact.asked_by
    asked = who.customer_id if by_id else who.email
    said = look(row, fact.whose)
    same = str(said).strip() == asked if by_id else str(said).strip().lower() == asked
    if said is MISSING or not same:
        message = f"it is another customer's, by {fact.whose!r}"
        raise Unfit(message)


def _as_of(theirs: Theirs, row: object, told: str) -> float:
    found = look(row, theirs.name) if theirs.value is None else theirs.value
    try:
        return moment(found, theirs).timestamp()
    except Unfit as unfit:
        message = f"{told}: as_of ({theirs.name!r} there) {unfit}"
        raise FactsDown(message) from None
