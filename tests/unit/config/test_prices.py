"""What a call costs: exact, in millionths of a dollar, and never rounded in our favour."""

from decimal import Decimal

import pytest

from config.tiers import Price

CHEAP = Price(input=Decimal("0.10"), output=Decimal("0.50"), cached_input=Decimal("0.01"))

COSTS = (
    ("nothing", 0, 0, 0, 0),
    ("one token, rounded up", 1, 0, 0, 1),
    ("a thousand in", 1_000, 0, 0, 100),
    ("a thousand out", 0, 0, 1_000, 500),
    ("both", 1_000, 0, 100, 150),
    ("all of it cached", 1_000, 1_000, 0, 10),
    ("half of it cached", 1_000, 500, 0, 55),
    ("a fraction, rounded up", 1_001, 0, 0, 101),
    ("a million each", 1_000_000, 0, 1_000_000, 600_000),
)


@pytest.mark.parametrize(
    ("fresh", "cached", "returned", "micro_usd"),
    [case[1:] for case in COSTS],
    ids=[case[0] for case in COSTS],
)
def test_a_call_costs_what_the_price_list_says(
    fresh: int, cached: int, returned: int, micro_usd: int
) -> None:
    """Dollars per million tokens are micro-dollars per token."""
    cost = CHEAP.micro_usd(input_tokens=fresh, cached_tokens=cached, output_tokens=returned)
    assert cost == micro_usd


def test_cached_tokens_cost_as_others_where_no_price_says_otherwise() -> None:
    """A discount that nobody promised is not counted on."""
    price = Price(input=Decimal(1), output=Decimal(2))
    assert price.micro_usd(input_tokens=10, cached_tokens=10, output_tokens=0) == 10


def test_ten_thousand_small_calls_cost_no_less_than_their_sum() -> None:
    """Rounding up call by call cannot let the day's cap be passed."""
    price = Price(input=Decimal("0.001"), output=Decimal(0))
    one = price.micro_usd(input_tokens=3, cached_tokens=0, output_tokens=0)
    assert one * 10_000 >= price.micro_usd(input_tokens=30_000, cached_tokens=0, output_tokens=0)
