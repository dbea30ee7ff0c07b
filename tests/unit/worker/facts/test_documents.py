"""Where in an answer a fact stands, and how old it is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from config.facts import FactKind
from tasks.errors import FactsDown
from tasks.facts import Account
from tests.unit.worker.facts.rows import ACCOUNT, ADA, EVENT, SECRET, a_fact
from worker.facts.reading import look, read_document, read_rows
from worker.facts.source import Found


@pytest.mark.parametrize(
    ("way", "found"),
    [
        ("a.b", 1),
        ("/a/b", 1),
        ("list.1.c", 2),
        ("/list/1/c", 2),
        ("dotted.name", 3),
        ("a", {"b": 1}),
    ],
)
def test_the_way_to_a_value_is_dotted_or_a_pointer(way: str, found: object) -> None:
    """A name with a dot in it comes first."""
    assert look({"a": {"b": 1}, "list": [0, {"c": 2}], "dotted.name": 3}, way) == found


@pytest.mark.parametrize(
    "document", [{"person": ACCOUNT}, {"person": ACCOUNT, "as_of": "2026-01-31"}]
)
def test_an_account_stands_where_config_says(document: dict[str, Any]) -> None:
    """And is as old as the document says."""
    fact = a_fact("account", at="person", as_of={"name": "as_of"} if len(document) > 1 else None)
    found = read_document("account", fact, document, ADA)
    assert [type(one) for one in found.facts] == [Account]
    assert found.as_of == (
        datetime(2026, 1, 31, tzinfo=UTC).timestamp() if len(document) > 1 else None
    )


def test_rows_are_as_old_as_the_oldest() -> None:
    fact = a_fact("billing", as_of="seen")
    rows = [EVENT | {"seen": day} for day in ("2026-02-02", "2026-01-31", "2026-02-01")]
    assert (
        read_rows("billing", fact, rows, ADA).as_of == datetime(2026, 1, 31, tzinfo=UTC).timestamp()
    )
    with pytest.raises(FactsDown, match="as_of"):
        read_rows("billing", fact, [EVENT], ADA)


def test_null_where_an_account_should_be_is_no_account() -> None:
    """Nothing there at all is another shape: somebody has changed the service."""
    fact = a_fact("account", at="person", as_of={"name": "as_of"})
    assert read_document("account", fact, {"person": None}, ADA) == Found(())
    with pytest.raises(FactsDown, match="the answer has nothing at 'person'"):
        read_document("account", fact, {}, ADA)


@pytest.mark.parametrize("found", [[], [ACCOUNT]])
def test_a_search_gives_a_list_of_one_at_most(found: list[Any]) -> None:
    fact = a_fact("account", at="people", listed=True)
    assert len(read_document("account", fact, {"people": found}, ADA).facts) == len(found)
    with pytest.raises(FactsDown, match="several accounts"):
        read_document("account", fact, {"people": [ACCOUNT, ACCOUNT]}, ADA)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        ("account", [ACCOUNT]),
        ("account", []),
        ("account", SECRET),
        ("billing", EVENT),
        ("billing", None),
        ("billing", {"items": [EVENT]}),
        ("billing", [[EVENT]]),
        ("billing", 5),
    ],
)
def test_another_shape_is_unavailable(kind: FactKind, document: object) -> None:
    """A list for an object, an object for a list."""
    with pytest.raises(FactsDown, match=f"^crm, {kind}") as down:
        read_document(kind, a_fact(kind), document, ADA)
    assert SECRET not in str(down.value)
