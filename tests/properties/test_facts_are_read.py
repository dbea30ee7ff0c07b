"""Whatever a source says, it is a fact or unavailable, and nothing else is raised."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.facts import FIELDS, KINDS, Fact, FactKind
from tasks.errors import FactsDown
from tasks.facts import Facts
from worker.facts.reading import MODELS, read_document, read_rows
from worker.facts.source import Who

ADA = Who(email="ada@example.com", customer_id="C-1")

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text(st.characters())
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.uuids()
    | st.sampled_from(["plus", "2026-01-31", "3.20", "C-1", "ada@example.com", "\ud800", "NaN"])
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)


@st.composite
def _facts(draw: st.DrawFn) -> tuple[FactKind, Fact, Any]:
    """A kind, what config could say of it, and rows of nearly its shape."""
    kind = draw(st.sampled_from(KINDS))
    names = (*FIELDS[kind].needed, *FIELDS[kind].other)
    formats = st.sampled_from(["iso", "epoch", "epoch_ms", "%d.%m.%Y", "%"])
    fields = {
        name: {"name": name, "format": draw(formats), "absolute": draw(st.booleans())}
        for name in names
    }
    fact = Fact.model_validate(
        {
            "source": "crm",
            "fields": fields,
            "listed": draw(st.booleans()),
            "as_of": draw(st.sampled_from([None, "at"])),
            "whose": draw(st.sampled_from(["", "customer_id"])),
        }
    )
    row = st.fixed_dictionaries({}, optional=dict.fromkeys(names, ANYTHING)) | ANYTHING
    return kind, fact, draw(st.lists(row, max_size=3) | ANYTHING)


@given(_facts())
def test_whatever_is_answered_is_a_fact_or_unavailable(case: tuple[FactKind, Fact, Any]) -> None:
    """And a fact can be written down, and read again."""
    kind, fact, rows = case
    readers = (read_document, read_rows) if isinstance(rows, list) else (read_document,)
    for read in readers:
        try:
            found = read(kind, fact, rows, ADA)
        except FactsDown as down:
            assert str(down).startswith(f"crm, {kind}")  # noqa: PT017 - it may also not be raised
            continue
        assert all(isinstance(one, MODELS[kind]) for one in found.facts)
        one = next(iter(found.facts), None)
        whole = {kind: one if kind == "account" else found.facts}
        written = Facts.model_validate({"fetched_at": 1.0, **whole})
        assert Facts.model_validate_json(written.as_json()) == written


def test_the_strategy_finds_facts_too() -> None:
    """Else all of it would be refused, and nothing shown."""
    fact = Fact.model_validate(
        {"source": "crm", "fields": {name: name for name in ("customer_id", "plan", "tier")}}
    )
    row = {"customer_id": "C-1", "plan": "x", "tier": "plus"}
    assert read_document("account", fact, row, ADA).facts
    with pytest.raises(FactsDown):
        read_document("account", fact, row | {"tier": "x"}, ADA)
