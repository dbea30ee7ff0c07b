"""What fits is a fact of ours, however they write it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from tasks.facts import Account, BillingEvent, Incident
from tests.unit.worker.facts.rows import (
    ADA,
    EVENT,
    a_fact,
    one,
)
from worker.facts.reading import read_rows


def test_a_row_by_our_names_is_a_fact() -> None:
    """What is not said of an account is not known."""
    assert one("account", {}) == Account(customer_id="C-1", plan="Metal", tier="plus")
    assert isinstance(one("billing", {}), BillingEvent)
    assert one("incidents", {}) == Incident(
        id="I-1", title="Slow", issue_types=(), opened_at=datetime(2026, 1, 31, tzinfo=UTC)
    )


@pytest.mark.parametrize("number", [17, "17", " 17 ", Decimal(17)])
def test_an_id_may_be_a_number(number: object) -> None:
    assert one("account", {"customer_id": number}).customer_id == "17"


def test_an_id_may_be_a_uuid() -> None:
    """As PostgreSQL gives it."""
    assert one("account", {"customer_id": UUID(int=5)}).customer_id == str(UUID(int=5))


def test_their_values_are_ours() -> None:
    """By the table in config; a truth value goes by its name in JSON."""
    values = {"gold": "business", "true": "plus", "3": "basic"}
    tier = {"name": "tier", "values": values}
    found = [one("account", {"tier": theirs}, tier=tier).tier for theirs in ("gold", True, 3)]
    assert found == ["business", "plus", "basic"]


def test_what_is_always_the_same_need_not_be_there() -> None:
    row = {name: value for name, value in EVENT.items() if name != "currency"}
    fact = a_fact("billing", fields={"currency": {"value": "CHF"}})
    [event] = read_rows("billing", fact, [row], ADA).facts
    assert isinstance(event, BillingEvent)
    assert event.currency == "CHF"


def test_what_is_not_said_may_have_a_default() -> None:
    assert one("account", {"plan": None}, plan={"name": "plan", "default": "none"}).plan == "none"


@pytest.mark.parametrize(
    ("theirs", "written", "ours"),
    [
        ("2026-01-31T10:00:00Z", "iso", "2026-01-31T10:00:00+00:00"),
        ("2026-01-31T10:00:00+02:00", "iso", "2026-01-31T08:00:00+00:00"),
        ("2026-01-31 10:00:00", "iso", "2026-01-31T10:00:00+00:00"),
        ("2026-01-31", "iso", "2026-01-31T00:00:00+00:00"),
        (date(2026, 1, 31), "iso", "2026-01-31T00:00:00+00:00"),
        (datetime(2026, 1, 31, 10), "iso", "2026-01-31T10:00:00+00:00"),  # noqa: DTZ001 - as databases give it
        (1_769_853_600, "epoch", "2026-01-31T10:00:00+00:00"),
        (Decimal("1769853600.5"), "epoch", "2026-01-31T10:00:00.500000+00:00"),
        (1_769_853_600_000, "epoch_ms", "2026-01-31T10:00:00+00:00"),
        ("31.01.2026", "%d.%m.%Y", "2026-01-31T00:00:00+00:00"),
        ("01/31/26 10:00 +0200", "%m/%d/%y %H:%M %z", "2026-01-31T08:00:00+00:00"),
    ],
)
def test_a_moment_is_read_as_it_is_written(theirs: object, written: str, ours: str) -> None:
    """Without a zone it is UTC."""
    at = {"name": "at", "format": written}
    assert one("billing", {"at": theirs}, at=at).at.isoformat() == ours


@pytest.mark.parametrize(
    "theirs", ["2026-01-31", "2026-01-31T23:30:00-08:00", date(2026, 1, 31), "20260131"]
)
def test_a_day_is_the_one_that_is_written(theirs: object) -> None:
    """A renewal at midnight in Oregon is not the day after."""
    assert one("account", {"renewal_at": theirs}).renewal_at == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("theirs", "ours"), [(3, "3"), (3.2, "3.2"), (" 3.20", "3.20"), (Decimal("3.20"), "3.20")]
)
def test_an_amount_is_exact(theirs: object, ours: str) -> None:
    assert str(one("billing", {"amount": theirs}).amount) == ours


def test_an_amount_may_be_in_cents_and_signed() -> None:
    """Where config says so."""
    amount = {"name": "amount", "divide_by": 100, "absolute": True}
    assert one("billing", {"amount": -320}, amount=amount).amount == Decimal("3.2")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (["C-1", 2], ("C-1", "2")),
        (("C-1",), ("C-1",)),
        ("C-1, C-2,", ("C-1", "C-2")),
        ([], ()),
        ("", ()),
        (None, None),
    ],
)
def test_customers_are_a_list_or_everybody(theirs: object, ours: object) -> None:
    """An empty list is nobody, which is not the same."""
    assert one("incidents", {"customers": theirs}).customers == ours


def test_what_is_one_thing_there_may_be_several_here() -> None:
    kinds = {"name": "issue_types", "values": {"tills": "card_payment, cash"}}
    found = one("incidents", {"issue_types": ["tills", "cash", "fee"]}, issue_types=kinds)
    assert found.issue_types == ("card_payment", "cash", "fee")


def test_of_a_long_summary_the_beginning_is_kept() -> None:
    assert one("incidents", {"title": "x" * 600}).title == "x" * 500 + "…"
