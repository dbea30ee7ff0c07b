"""What a process lets through while Redis is away."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.guards import Limit
from tasks.ports.guards import Errand
from worker.guards.alone import Alone
from worker.guards.terms import FAR, weight_of

MINUTE = 60.0


class _Process:
    """One that keeps this limit by itself."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._alone = Alone(window=MINUTE, in_place=1.0)

    def take(
        self, tokens: int = 0, *, now: float, processes: int = 1, visit: int = 0
    ) -> tuple[bool, float]:
        errand = Errand(upstream=self._limit.upstream, tokens=tokens, visit=visit)
        weight = weight_of(errand, self._limit)
        return self._alone.take(weight, now=now, processes=processes)


@settings(max_examples=50, derandomize=True, database=None, deadline=None)
@given(
    requests=st.integers(1, 1_000),
    processes=st.integers(1, 8),
    gaps=st.lists(st.floats(0, 3), min_size=50, max_size=200),
)
def test_a_process_keeps_to_its_share_and_one_more(
    requests: int, processes: int, gaps: list[float]
) -> None:
    """In any minute, however many ask; who waits in place asks when its wait is over."""
    alone = _Process(Limit(upstream="openai", requests_per_minute=requests))
    now, made = 0.0, []
    for gap in gaps:
        now += gap
        may, wait = alone.take(now=now, processes=processes)
        if may:
            assert wait <= 1.0
            made.append(now + wait)
    most = max(sum(at <= other < at + MINUTE for other in made) for at in made)
    assert most <= requests / processes + 1


def test_those_who_do_not_fit_come_one_behind_the_other() -> None:
    """Spaced as the share is, the first of them when there is room again."""
    alone = _Process(Limit(upstream="openai", requests_per_minute=30))
    assert alone.take(now=100.0) == (True, 0.0)
    told = [alone.take(now=100.0)[1] for _ in range(3)]
    assert told == pytest.approx([2.2, 4.4, 6.6])
    assert alone.take(now=102.3) == (True, 0.0)


def test_tokens_cost_their_share_and_more_than_the_limit_costs_all_of_it() -> None:
    """What is larger than the limit goes through all the same, alone."""
    alone = _Process(Limit(upstream="openai", tokens_per_minute=1_000))
    assert alone.take(5_000, now=0.0)[0]
    assert not alone.take(1, now=60.0)[0]
    assert alone.take(1, now=66.1)[0]


def test_a_visit_costs_as_many_requests_as_it_has() -> None:
    """Twelve of a hundred and twenty in a minute: a tenth of it, and one tenth more for caution."""
    alone = _Process(Limit(upstream="helpdesk:rt", requests_per_minute=120))
    assert alone.take(now=0.0, visit=12) == (True, 0.0)
    assert not alone.take(now=5.0, visit=12)[0]
    assert alone.take(now=6.7, visit=12) == (True, 0.0)


def test_nobody_is_told_to_come_later_than_anybody_would_remember() -> None:
    """Redis is away for a minute, and nothing wakes those who wait: hours would be theirs alone."""
    alone = _Process(Limit(upstream="helpdesk:rt", requests_per_minute=120))
    told = [alone.take(now=100.0, processes=4, visit=18)[1] for _ in range(1_000)]
    assert max(told) <= FAR * MINUTE
    assert alone.take(now=100.0 + FAR * MINUTE, processes=4, visit=18) == (True, 0.0)
    again = alone.take(now=100.0 + FAR * MINUTE, processes=4, visit=18)[1]
    assert again < 2 * FAR * MINUTE
