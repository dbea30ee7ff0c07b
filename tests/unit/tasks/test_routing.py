"""Which tier: the first rule all of whose conditions hold, and promotion to what was not asked."""

import pytest

from config.tiers import Rule, TierName, Tiers
from tasks.facts import Facts
from tasks.routing import fresh_model, next_tier, route, route_at_once
from tasks.ticket import Ticket, Turn
from tests.twins.desk import only, shipped
from tests.twins.facts import an_account, an_incident, known
from tests.twins.ticket import a_ticket
from worker.facts.memory import MemoryFacts

LONG = a_ticket("x" * 1_201)
INCIDENT = an_incident("cash")

SHIPPED: tuple[tuple[str, Ticket, Facts | None, TierName], ...] = (
    ("nobody we know", a_ticket(), known(), "economy"),
    ("a basic customer", a_ticket(), known(an_account("basic")), "economy"),
    ("a plus customer", a_ticket(), known(an_account("plus")), "standard"),
    ("a business customer", a_ticket(), known(an_account("business")), "premium"),
    ("a basic customer in an incident", a_ticket(), known(None, INCIDENT), "standard"),
    ("a plus customer in an incident", a_ticket(), known(an_account("plus"), INCIDENT), "premium"),
    ("a long text", LONG, known(), "standard"),
    ("a text as long as allowed", a_ticket("x" * 1_200), known(), "economy"),
    ("a long text of a business customer", LONG, known(an_account("business")), "premium"),
    ("before enrichment", a_ticket(), None, "economy"),
    ("a long text before enrichment", LONG, None, "standard"),
)


@pytest.mark.parametrize(
    ("ticket", "facts", "tier"), [row[1:] for row in SHIPPED], ids=[row[0] for row in SHIPPED]
)
def test_the_shipped_rules_send_a_ticket_where_it_belongs(
    ticket: Ticket, facts: Facts | None, tier: TierName
) -> None:
    """Another plan or an open incident is another tier."""
    assert route(ticket, facts, shipped().tiers).tier == tier


@pytest.mark.parametrize(
    ("ticket", "facts", "tier"), [row[1:] for row in SHIPPED], ids=[row[0] for row in SHIPPED]
)
def test_a_new_ticket_waits_where_it_belongs_as_far_as_that_is_at_hand(
    ticket: Ticket, facts: Facts | None, tier: TierName
) -> None:
    """A dear ticket behind a flood of cheap ones would wait for all of them."""
    source = MemoryFacts()
    if facts is None:
        source.down.add("account")
    else:
        accounts = {ticket.requester.email: facts.account} if facts.account else {}
        source = MemoryFacts(accounts=accounts, incidents=facts.incidents)
    assert route_at_once(ticket, source, shipped().tiers).tier == tier


def test_an_incident_that_was_over_when_the_customer_wrote_is_none() -> None:
    """As enrichment will find."""
    over = INCIDENT.model_copy(update={"closed_at": INCIDENT.opened_at})
    source = MemoryFacts(incidents=[over])
    assert route_at_once(a_ticket(), source, shipped().tiers).tier == "economy"


def _with(*rules: Rule) -> Tiers:
    return shipped().tiers.model_copy(update={"rules": rules})


def test_the_first_rule_that_holds_wins_and_its_reason_is_kept() -> None:
    """Order is meaning."""
    rules = (
        Rule(tier="premium", why="chat", channel=("chat",)),
        Rule(tier="standard", why="anything", longer_than=1),
    )
    assert route(a_ticket(channel="chat"), None, _with(*rules)).why == "chat"
    assert route(a_ticket(channel="email"), None, _with(*rules)).why == "anything"


def test_all_conditions_of_a_rule_have_to_hold() -> None:
    """A rule is an `and`; each condition alone is not enough."""
    rule = Rule(tier="premium", why="", channel=("chat",), language=("de", "fr"), longer_than=5)
    fits = a_ticket("Guten Tag", channel="chat", language="de")
    others = (
        a_ticket("Guten Tag", channel="email", language="de"),
        a_ticket("Guten Tag", channel="chat", language="en"),
        a_ticket("Guten Tag", channel="chat"),
        a_ticket("Hallo", channel="chat", language="de"),
    )
    assert route(fits, None, _with(rule)).tier == "premium"
    assert [route(ticket, None, _with(rule)).tier for ticket in others] == ["economy"] * 4


def test_a_rule_on_calm_weather_holds_only_when_the_facts_say_so() -> None:
    """Before enrichment nobody knows whether an incident is open."""
    rule = Rule(tier="premium", why="", open_incident=False)
    assert route(a_ticket(), known(), _with(rule)).tier == "premium"
    assert route(a_ticket(), known(None, INCIDENT), _with(rule)).tier == "economy"
    assert route(a_ticket(), None, _with(rule)).tier == "economy"


def test_length_counts_the_customers_words_alone() -> None:
    """An agent's long answer makes no dear ticket."""
    agent, customer = (
        a_ticket("Hello", thread=(Turn.model_validate({"author": who, "body": "x" * 1_200}),))
        for who in ("agent", "customer")
    )
    assert route(agent, None, shipped().tiers).tier == "economy"
    assert route(customer, None, shipped().tiers).tier == "standard"


def test_without_a_rule_that_holds_the_default_gives_the_reason() -> None:
    """Every route has one."""
    found = route(a_ticket(), known(), shipped().tiers)
    assert found.why == shipped().tiers.tier("economy").why


def test_promotion_goes_to_the_next_tier_with_a_model_not_yet_asked() -> None:
    """A tier that could only repeat itself is skipped; above the top there is none."""
    tiers = shipped().tiers
    standard = frozenset(tiers.tier("standard").models)
    assert next_tier("economy", frozenset(), tiers) == "standard"
    assert next_tier("economy", standard, tiers) == "premium"
    assert next_tier("economy", standard | set(tiers.tier("premium").models), tiers) is None
    assert next_tier("premium", frozenset(), tiers) is None


def test_with_one_model_for_all_tiers_there_is_no_promotion() -> None:
    """It has said what it has to say."""
    assert next_tier("economy", frozenset({"openai/one"}), only("openai/one")) is None


def test_the_first_model_not_yet_asked_is_the_fresh_one() -> None:
    """In the order of the configuration."""
    tiers = shipped().tiers
    first, second = tiers.tier("economy").models
    assert fresh_model("economy", frozenset(), tiers) == first
    assert fresh_model("economy", frozenset({first}), tiers) == second
    assert fresh_model("economy", frozenset({first, second}), tiers) is None
