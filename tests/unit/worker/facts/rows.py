"""Rows of a source as tests make them: every field by its own name."""

from typing import Any

import pytest

from config.facts import FIELDS, Fact, FactKind
from tasks.errors import FactsDown
from worker.facts.reading import read_rows
from worker.facts.source import Who

ADA = Who(email="ada@example.com", customer_id="C-1")
SECRET = "ada-was-here"

ACCOUNT: dict[str, Any] = {"customer_id": "C-1", "plan": "Metal", "tier": "plus"}
EVENT: dict[str, Any] = {
    "id": "B-1",
    "at": "2026-01-31T10:00:00Z",
    "kind": "fee",
    "amount": "3.20",
    "currency": "EUR",
    "status": "settled",
}
INCIDENT: dict[str, Any] = {"id": "I-1", "title": "Slow", "opened_at": "2026-01-31"}
ROWS: dict[FactKind, dict[str, Any]] = {
    "account": ACCOUNT,
    "billing": EVENT,
    "incidents": INCIDENT,
}


def a_fact(kind: FactKind, *, fields: dict[str, Any] | None = None, **more: Any) -> Fact:  # noqa: ANN401 - as TOML has it
    """Every field by its own name, but for those that are given."""
    names = {name: name for name in (*FIELDS[kind].needed, *FIELDS[kind].other)}
    return Fact.model_validate(
        {"source": "crm", "path": "/x/{email}", "fields": names | (fields or {}), **more}
    )


def one(kind: FactKind, row: dict[str, Any], **fields: Any) -> Any:  # noqa: ANN401 - one of ours
    found = read_rows(kind, a_fact(kind, fields=fields), [{**ROWS[kind], **row}], ADA)
    [fact] = found.facts
    return fact


def refused(kind: FactKind, row: object, **fields: Any) -> str:  # noqa: ANN401 - as above
    rows: Any = [row]
    with pytest.raises(FactsDown) as down:
        read_rows(kind, a_fact(kind, fields=fields), rows, ADA)
    said = str(down.value)
    assert said.startswith(f"crm, {kind}")
    assert SECRET not in said
    assert down.value.__cause__ is None
    return said
