"""What is said of the local model's worth."""

import pytest

from worker.operating.proposing.figures import Figures, figures, wilson
from worker.operating.proposing.past import Omissions, Past, piled
from worker.operating.proposing.proposal import proposed


def test_the_interval_is_wilsons() -> None:
    """Worked by hand: 80 of 100 is 0.711 to 0.867; 0 of 10 is 0 to 0.278."""
    assert wilson(80, 100) == pytest.approx((0.7112, 0.8666), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)


def _figures(**counts: int) -> Figures:
    """Of issue types that a word each tells apart, so many tickets of each."""
    tickets = (
        (str(n), Past(text=f"the {name} of number {n} is lost again", issue_type=name))
        for name, count in counts.items()
        for n in range(count)
    )
    return figures(proposed(piled(tickets, Omissions()), fallback=None), 0.05)


def test_what_is_told_apart_with_ease_is_answered() -> None:
    found = _figures(printer=150, password=150, badge=14)
    assert found.tickets == 314
    assert found.accuracy > 0.9
    assert found.interval[0] < found.accuracy <= found.interval[1] <= 1
    assert found.coverage > 0.5
    assert found.accuracy_of_answered == 1
    printer, badge = found.types["printer"], found.types["badge"]
    assert (printer.tickets, printer.too_rare, printer.precision) == (150, False, 1.0)
    assert printer.right == printer.answered > 0
    assert (badge.tickets, badge.too_rare, badge.answered) == (14, True, 0)


def test_where_all_is_too_rare_nothing_is_answered() -> None:
    found = _figures(printer=2, password=1)
    assert all(one.too_rare for one in found.types.values())
    assert (found.coverage, found.accuracy_of_answered) == (0, None)
