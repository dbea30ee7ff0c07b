"""An upstream that says 429 is visited by few at a time, and by more as long as it does not."""

from worker.guards.narrowing import MOST_SECONDS, STAYS_SECONDS, WIDE, Narrowing


def _slowed() -> Narrowing:
    narrowing = Narrowing()
    narrowing.slow_down()
    return narrowing


def test_one_at_a_time_comes_in() -> None:
    narrowing = _slowed()
    assert narrowing.wait(0) == 0
    assert narrowing.wait(1) > 0


def test_those_who_are_turned_away_come_back_one_after_the_other_within_a_minute() -> None:
    narrowing = _slowed()
    waits = [narrowing.wait(1) for _ in range(100)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2 * STAYS_SECONDS, MOST_SECONDS)


def test_each_visit_that_went_well_lets_in_one_more_and_another_429_halves_them() -> None:
    narrowing = _slowed()
    for _ in range(4):
        narrowing.ended(narrowing.told)
    assert narrowing.wait(4) == 0
    assert narrowing.wait(5) > 0
    before = narrowing.told
    narrowing.slow_down()
    narrowing.ended(before)  # it was told to slow down while it went on
    assert narrowing.wait(1) == 0
    assert narrowing.wait(2) > 0


def test_in_the_end_everybody_may_come_again() -> None:
    narrowing = _slowed()
    for _ in range(WIDE - 1):
        assert not narrowing.is_over
        narrowing.ended(narrowing.told)
    assert narrowing.is_over
