"""An upstream that says 429 is visited by few at a time, and by more as long as it does not."""

from worker.guards.narrowing import AT_ONCE_SECONDS, MOST_SECONDS, STAYS_SECONDS, WIDE, Narrowing


def test_half_as_many_as_there_were_come_in_and_one_at_least() -> None:
    for visits, most in ((0, 1), (1, 1), (9, 4)):
        narrowing = Narrowing(visits, now=0.0)
        assert narrowing.wait(most - 1) == 0
        assert narrowing.wait(most) > 0


def test_those_who_are_turned_away_come_back_one_after_the_other_within_a_minute() -> None:
    narrowing = Narrowing(1, now=0.0)
    waits = [narrowing.wait(1) for _ in range(100)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (2 * STAYS_SECONDS, MOST_SECONDS)


def test_each_visit_that_went_well_lets_in_one_more_and_another_429_halves_them() -> None:
    narrowing = Narrowing(1, now=0.0)
    for _ in range(4):
        narrowing.ended(narrowing.told)
    assert narrowing.wait(4) == 0
    assert narrowing.wait(5) > 0
    before = narrowing.told
    for at in (AT_ONCE_SECONDS, AT_ONCE_SECONDS + 0.1, 2 * AT_ONCE_SECONDS - 0.1):
        narrowing.slow_down(at)  # together they are one
    narrowing.ended(before)  # it was told to slow down while it went on
    assert narrowing.wait(1) == 0
    assert narrowing.wait(2) > 0


def test_in_the_end_everybody_may_come_again() -> None:
    for visits, enough in ((2, WIDE), (WIDE, 2 * WIDE)):
        narrowing = Narrowing(visits, now=0.0)
        for _ in range(enough - visits // 2):
            assert not narrowing.is_over
            narrowing.ended(narrowing.told)
        assert narrowing.is_over
