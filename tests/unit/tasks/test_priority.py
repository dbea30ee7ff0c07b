"""The policy expects a priority; a model may go a step from it, and facts move it, not words."""

from datetime import UTC, date, datetime

import pytest

from config.tiers import CustomerTier
from tasks.facts import Facts
from tasks.priority import Expected, expected, expected_for_all
from tests.twins.desk import shipped
from tests.twins.facts import an_account, an_incident, known
from tests.twins.ticket import a_ticket


def _expected(issue: str, facts: Facts) -> Expected:
    found = shipped().taxonomy.issue_type(issue)
    assert found is not None
    return expected(found, a_ticket(), facts)


SOON, LATE, PAST = date(2026, 1, 31), date(2026, 2, 1), date(2025, 12, 31)
"""The ticket is of 1 January 2026; a renewal within 30 days is near."""

TABLE: tuple[tuple[str, str, Facts, int], ...] = (
    ("nobody we know", "card_payment", known(), 3),
    ("a basic customer", "card_payment", known(an_account("basic")), 3),
    ("a plus customer", "account", known(an_account("plus")), 3),
    ("a business customer", "card_payment", known(an_account("business")), 2),
    ("its own incident", "card_payment", known(None, an_incident("card_payment")), 2),
    ("two incidents", "card_payment", known(None, *[an_incident("card_payment")] * 2), 2),
    ("another's incident", "card_payment", known(None, an_incident("cash", "transfer")), 3),
    ("a renewal on the last day", "card_payment", known(an_account(renewal_at=SOON)), 2),
    ("a renewal today", "card_payment", known(an_account(renewal_at=date(2026, 1, 1))), 2),
    ("a renewal a day too late", "card_payment", known(an_account(renewal_at=LATE)), 3),
    ("a renewal that has passed", "card_payment", known(an_account(renewal_at=PAST)), 3),
    (
        "everything at once",
        "card_payment",
        known(an_account("business", renewal_at=SOON), an_incident("card_payment")),
        1,
    ),
    (
        "more urgent than most urgent",
        "security",
        known(an_account("business", renewal_at=SOON), an_incident("security")),
        1,
    ),
)


@pytest.mark.parametrize(
    ("issue", "facts", "priority"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_the_customers_facts_decide_what_is_expected(
    issue: str, facts: Facts, priority: int
) -> None:
    """Plan, open incident and renewal, each one step, and never past 1."""
    assert _expected(issue, facts).priority == priority


def test_a_model_may_go_one_step_and_no_further() -> None:
    """The band is cut at 1 and at 4."""
    band = _expected("card_payment", known())
    assert [priority for priority in range(-1, 9) if band.allows(priority)] == [2, 3, 4]
    urgent = _expected("security", known(an_account("business")))
    assert [priority for priority in range(-1, 9) if urgent.allows(priority)] == [1, 2]
    calm = _expected("other", known())
    assert [priority for priority in range(-1, 9) if calm.allows(priority)] == [3, 4]


def test_while_a_source_of_facts_is_away_only_the_expected_value_passes() -> None:
    """Not knowing the customer is no reason to be bold."""
    band = _expected("card_payment", known(unavailable={"incidents": "timed out"}))
    assert [priority for priority in range(9) if band.allows(priority)] == [3]


def test_of_an_old_fact_too_only_the_expected_value_passes() -> None:
    """And the decision says which one it was."""
    old = known(an_account()).model_copy(update={"stale": {"account": "3 days old"}})
    band = _expected("card_payment", old)
    assert [priority for priority in range(9) if band.allows(priority)] == [3]
    assert band.rule == "card_payment for basic is 3, and no other: account 3 days old"


def test_the_rule_says_how_the_value_came_about() -> None:
    """What is decided can be explained a year later."""
    facts = known(an_account("business", renewal_at=SOON), an_incident("card_payment"))
    assert _expected("card_payment", facts).rule == (
        "card_payment for business is 2, open incident -1, renewal within 30 days -1"
    )


def test_every_issue_type_has_its_expectation() -> None:
    """The prompt lists all of them, in the order of the taxonomy."""
    taxonomy = shipped().taxonomy
    found = expected_for_all(taxonomy, a_ticket(), known())
    assert tuple(found) == taxonomy.names


@pytest.mark.parametrize("tier", ["basic", "plus", "business"])
def test_what_is_expected_is_always_allowed(tier: CustomerTier) -> None:
    """Whatever the policy, a model that follows it is not refused."""
    for facts in (known(an_account(tier)), known(an_account(tier), unavailable={"billing": "x"})):
        for band in expected_for_all(shipped().taxonomy, a_ticket(), facts).values():
            assert band.allows(band.priority)


def test_an_incident_is_open_from_its_first_moment_to_before_its_last() -> None:
    """A ticket of the moment of closing is after it."""
    opened, closed = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
    incident = an_incident("cash", opened_at=opened).model_copy(update={"closed_at": closed})
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert [incident.open_at(moment) for moment in (opened, noon, closed)] == [True, True, False]
    assert not incident.open_at(datetime(2025, 12, 31, tzinfo=UTC))
