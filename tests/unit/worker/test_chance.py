"""Ids that sort by age and that nobody makes twice."""

from worker.chance import ALPHABET, run_id, token, uniform


def test_run_ids_sort_by_age() -> None:
    """The order of ids is the order of their milliseconds: indexes grow at one end."""
    ids = [run_id(1_700_000_000 + step / 1_000) for step in range(0, 4_000_000, 40_000)]
    assert ids == sorted(ids)


def test_no_run_id_comes_twice() -> None:
    """Of ten thousand ids of the same millisecond none is like another."""
    assert len({run_id(1_700_000_000.0) for _ in range(10_000)}) == 10_000


def test_an_id_has_twenty_letters_that_nobody_misreads() -> None:
    """Operators read ids to each other on the telephone."""
    assert len(run_id(0.0)) == 20
    assert set(run_id(1_700_000_000.0) + token()) <= set(ALPHABET)
    assert not set("ilou") & set(ALPHABET)


def test_chance_lies_between_zero_and_one() -> None:
    """A pause times chance is never longer than its cap."""
    assert all(0 <= uniform() < 1 for _ in range(1_000))
