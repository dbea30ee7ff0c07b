"""What does not fit is unavailable, with a reason that quotes nothing."""

from decimal import Decimal
from typing import Any

import pytest

from config.facts import FactKind
from tasks.errors import FactsDown
from tests.unit.worker.facts.rows import (
    ACCOUNT,
    ADA,
    EVENT,
    INCIDENT,
    ROWS,
    SECRET,
    a_fact,
    refused,
)
from worker.facts.reading import MOST_ROWS, read_rows

LIES: dict[str, tuple[FactKind, object, str]] = {
    "no object": ("account", [SECRET], "no object"),
    "a text": ("account", SECRET, "no object"),
    "nothing": ("account", None, "no object"),
    "no id": ("account", {"plan": SECRET, "tier": "plus"}, "customer_id ('customer_id' there) is"),
    "an empty id": ("account", ACCOUNT | {"customer_id": " "}, "is empty"),
    "an object for an id": ("account", ACCOUNT | {"customer_id": {"a": SECRET}}, "is no text"),
    "a list for a plan": ("account", ACCOUNT | {"plan": [SECRET]}, "is no text"),
    "a truth value for a plan": ("account", ACCOUNT | {"plan": True}, "is no text"),
    "a fraction for an id": ("account", ACCOUNT | {"customer_id": 1.5}, "is no text"),
    "bytes for an id": ("account", ACCOUNT | {"customer_id": SECRET.encode()}, "is no text"),
    "a plan of a page": ("account", ACCOUNT | {"plan": SECRET * 50}, "more than 200"),
    "half a character": ("account", ACCOUNT | {"plan": "\ud800"}, "what no text holds"),
    "a NUL": ("account", ACCOUNT | {"plan": "a\0b"}, "what no text holds"),
    "an unknown tier": ("account", ACCOUNT | {"tier": SECRET}, "is none of basic, plus, business"),
    "a tier in capitals": ("account", ACCOUNT | {"tier": "PLUS"}, "is none of"),
    "another date": ("account", ACCOUNT | {"renewal_at": "31.01.2026"}, "no date as iso"),
    "a month that is none": ("account", ACCOUNT | {"renewal_at": "2026-13-01"}, "no date as iso"),
    "a year that is none": ("account", ACCOUNT | {"renewal_at": "0001-01-01"}, "that cannot be"),
    "a number for a day": ("account", ACCOUNT | {"renewal_at": 20260131}, "and no date as iso"),
    "a truth value for a day": ("account", ACCOUNT | {"renewal_at": True}, "is no date"),
    "an object for a day": ("account", ACCOUNT | {"renewal_at": {}}, "is no date"),
    "a moment at the end of time": (
        "billing",
        EVENT | {"at": "9999-12-31T23:59:59-12:00"},
        "that cannot be",
    ),
    "no moment": ("billing", EVENT | {"at": None}, "row 1: at ('at' there) is missing"),
    "not a number": ("billing", EVENT | {"amount": "NaN"}, "row 1: amount"),
    "a float that is none": ("billing", EVENT | {"amount": float("nan")}, "is no number"),
    "an endless amount": ("billing", EVENT | {"amount": float("inf")}, "is no number"),
    "a negative amount": ("billing", EVENT | {"amount": "-3.20"}, "is negative"),
    "an amount with a comma": ("billing", EVENT | {"amount": "3,20"}, "is no number"),
    "an amount with a sign": ("billing", EVENT | {"amount": "€3"}, "is no number"),
    "more than there is": ("billing", EVENT | {"amount": Decimal("1e999999")}, "than there is"),
    "digits without end": ("billing", EVENT | {"amount": "9" * 5_000}, "than there is"),
    "a truth value for money": ("billing", EVENT | {"amount": True}, "is no number"),
    "a novel for a title": ("incidents", INCIDENT | {"title": "x" * 30_000}, "more than 20000"),
    "a number for customers": ("incidents", INCIDENT | {"customers": 5}, "is no list"),
    "an object among customers": ("incidents", INCIDENT | {"customers": [{}]}, "is no text"),
    "a crowd of customers": (
        "incidents",
        INCIDENT | {"customers": ["x"] * 10_001},
        "more than 10000",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_does_not_fit_is_unavailable_with_its_reason(lie: str) -> None:
    """By our name and theirs, and never with a value."""
    kind, row, said = LIES[lie]
    assert said in refused(kind, row)


@pytest.mark.parametrize(
    ("theirs", "written"),
    [
        ("1769853600", "epoch"),
        ("2026-01-31", "epoch_ms"),
        (10**400, "epoch"),
        (Decimal("1e999"), "epoch"),
        (float("nan"), "epoch"),
        (-(10**11), "epoch"),
        (5, "%d.%m.%Y"),
        ("2026-01-31", "%d.%m.%Y"),
    ],
)
def test_a_date_in_another_format_is_no_date(theirs: object, written: str) -> None:
    at = {"name": "at", "format": written}
    assert "row 1: at ('at' there) is" in refused("billing", EVENT | {"at": theirs}, at=at)


def test_one_row_that_does_not_fit_costs_all_of_them() -> None:
    """Left out in silence it would be a wrong fact."""
    with pytest.raises(FactsDown, match="crm, billing, row 2: status"):
        read_rows("billing", a_fact("billing"), [EVENT, EVENT | {"status": None}], ADA)


def test_two_accounts_of_one_address_are_none() -> None:
    with pytest.raises(FactsDown, match="several accounts have this address"):
        read_rows("account", a_fact("account"), [ACCOUNT, ACCOUNT], ADA)


def test_more_rows_than_one_customer_has_were_not_about_one() -> None:
    most = [EVENT] * MOST_ROWS
    assert len(read_rows("billing", a_fact("billing"), most, ADA).facts) == MOST_ROWS
    with pytest.raises(FactsDown, match="more than 1000 rows"):
        read_rows("billing", a_fact("billing"), [*most, EVENT], ADA)


@pytest.mark.parametrize(
    ("kind", "row", "refused"),
    [
        ("account", {"mail": "ADA@example.com "}, False),
        ("account", {"mail": "bob@example.com"}, True),
        ("account", {}, True),
        ("billing", {"mail": "ada@example.com"}, False),
        ("billing", {"mail": None}, True),
    ],
)
def test_what_is_another_customers_is_refused(
    kind: FactKind, row: dict[str, Any], *, refused: bool
) -> None:
    """A service that knows no such filter answers with the first customer that it has."""
    fact = a_fact(kind, whose="mail")
    if refused:
        with pytest.raises(FactsDown, match="it is another customer's, by 'mail'"):
            read_rows(kind, fact, [ROWS[kind] | row], ADA)
    else:
        assert read_rows(kind, fact, [ROWS[kind] | row], ADA).facts


def test_what_is_another_ids_is_refused() -> None:
    """What was asked by an id repeats that."""
    fact = a_fact("billing", path="/x/{customer_id}", whose="customer")
    assert read_rows("billing", fact, [EVENT | {"customer": "C-1"}], ADA).facts
    with pytest.raises(FactsDown, match="another customer's"):
        read_rows("billing", fact, [EVENT | {"customer": "c-1"}], ADA)
