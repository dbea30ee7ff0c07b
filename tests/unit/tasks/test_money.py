"""What a call may cost at most, what it has cost, and what one run may use up."""

from dataclasses import replace
from decimal import Decimal

import pytest

from config.guards import Budget
from config.tiers import Price
from tasks.accounts import account_of, day_and_tier, midnight_after, settlement
from tasks.birth import beginning
from tasks.budget import what_is_used_up
from tasks.errors import ProviderDown, Rejected
from tasks.journey import fold
from tasks.money import bound, cost_of, cost_of_failure, most_input_tokens, most_tokens
from tasks.ports.model import Message, Plain, Question, Usage
from tasks.run import Run, TicketId
from tests.ledgers import an_arrival
from tests.twins.clock import NOON
from tests.twins.models import a_reply

PRICE = Price(input=Decimal("0.25"), output=Decimal(2), cached_input=Decimal("0.025"))
FREE = Price(input=Decimal(0), output=Decimal(0))


def a_question(*texts: str, schema: dict[str, object] | None = None) -> Question:
    return Question(
        model="openai/m",
        messages=tuple(Message(role="user", content=text) for text in texts),
        schema_name="classify",
        schema=schema or {},
        max_output_tokens=800,
        timeout_seconds=30.0,
        plain=Plain(text="", priorities={}),
    )


def a_run(**columns: object) -> Run:
    arrival = an_arrival()
    run = fold(beginning(arrival, TicketId("K-1"), 1))
    return replace(run, **columns)  # type: ignore[arg-type]  # the columns are Run's own


# ── The bound ────────────────────────────────────────────────────────────────────────────────────


def test_no_text_has_more_tokens_than_bytes() -> None:
    """Each byte of each message and of the schema counts, and something for what is around them."""
    nothing = most_input_tokens(a_question())
    assert most_input_tokens(a_question("naïve ☃")) - nothing == 6 + 4 + 16
    assert most_input_tokens(a_question("", "")) - nothing == 2 * 16
    assert most_input_tokens(a_question(schema={"type": "object"})) - nothing == 18 - 2
    assert most_tokens(a_question("x")) == most_input_tokens(a_question("x")) + 800
    assert most_input_tokens(a_question("\ud800")) - nothing == 3 + 16


def test_a_bound_is_at_the_dearest_price_and_rounded_up() -> None:
    question = a_question("x" * 3)
    tokens = most_input_tokens(question)
    assert bound(question, PRICE) == -(-tokens // 4) + 1_600
    dear = PRICE.model_copy(update={"cached_input": Decimal(3)})
    assert bound(question, dear) == 3 * tokens + 1_600
    assert bound(question, FREE) == 0


@pytest.mark.parametrize("price", [PRICE, FREE])
def test_no_answer_within_the_bounds_of_tokens_costs_more_than_the_bound(price: Price) -> None:
    question = a_question("Which rate is it?")
    most = Usage(input_tokens=most_input_tokens(question), output_tokens=800)
    assert cost_of(replace(a_reply(), usage=most), price, 0) <= bound(question, price)


# ── The cost ─────────────────────────────────────────────────────────────────────────────────────


def test_an_answer_costs_what_the_provider_counted() -> None:
    """1,000 tokens in, 900 of them cached, and 100 out."""
    usage = Usage(input_tokens=1_000, output_tokens=100, cached_tokens=900)
    assert cost_of(replace(a_reply(), usage=usage), PRICE, 9_999) == 248  # 25 + 22.5 + 200


def test_an_answer_that_was_not_counted_costs_the_bound() -> None:
    usage = Usage(input_tokens=0, output_tokens=0, reported=False)
    assert cost_of(replace(a_reply(), usage=usage), PRICE, 9_999) == 9_999


def test_a_failure_costs_the_bound_unless_it_is_known_to_cost_nothing() -> None:
    refused = Rejected("HTTP 400")
    refused.unbilled = True
    assert cost_of_failure(refused, 500) == 0
    assert cost_of_failure(ProviderDown("TimeoutError"), 500) == 500
    assert cost_of_failure(KeyError("a bug"), 500) == 500


# ── The run's budget ─────────────────────────────────────────────────────────────────────────────

BUDGET = Budget(calls=8, tokens=1_000, usd=Decimal("0.01"))
USED_UP = (
    ({"calls": 7}, 1, None),
    ({"calls": 8}, 0, "all of its 8 calls of models are used up"),
    ({"tokens": 999}, 1, None),
    ({"tokens": 1_200}, 1, "all of its 1,000 tokens are used up: it has had 1,200"),
    ({"micro_usd": 9_000}, 1_000, None),
    (
        {"micro_usd": 9_000},
        1_001,
        "its money is used up: $0.0090 of $0.0100 are spent, and one more call may cost $0.0010",
    ),
    ({"micro_usd": 9_000, "requeues": 1}, 1_001, None),
    (
        {"micro_usd": 18_000, "requeues": 1, "reserved": 1_000},
        1_001,
        "its money is used up: $0.0190 of $0.0200 are spent, and one more call may cost $0.0010",
    ),
    ({"micro_usd": 99_000}, 0, None),  # what costs nothing is never too dear
)


@pytest.mark.parametrize(("columns", "cost", "said"), USED_UP)
def test_a_run_that_has_used_up_something_says_what(
    columns: dict[str, object], cost: int, said: str | None
) -> None:
    assert what_is_used_up(a_run(**columns), cost, BUDGET) == said


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────


def test_an_account_is_named_by_day_and_tier() -> None:
    assert account_of(NOON, "premium") == "2026-01-01/premium"
    assert day_and_tier("2026-01-01/premium") == ("2026-01-01", "premium")
    assert account_of(midnight_after(NOON), "premium") == "2026-01-02/premium"
    assert account_of(midnight_after(NOON) - 0.001, "premium") == "2026-01-01/premium"
    for wrong in ("2026-01-01", "2026-01-01/vip", ""):
        with pytest.raises(ValueError, match="no account"):
            day_and_tier(wrong)


def test_what_was_reserved_is_settled_at_what_the_run_has_cost_since() -> None:
    before = a_run(micro_usd=100, reserved=50, reserved_for="2026-01-01/economy")
    found = settlement(before, replace(before, micro_usd=130, reserved=0, reserved_for=None))
    assert found
    assert (found.account, found.reserved, found.spent) == ("2026-01-01/economy", 50, 30)
    assert settlement(a_run(), a_run(micro_usd=30)) is None
