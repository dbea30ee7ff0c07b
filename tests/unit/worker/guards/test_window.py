"""What a breaker remembers of the calls it has seen."""

from tests.twins.breakers import CONFIG
from tests.twins.clock import StillClock
from worker.guards.rule import rule_of
from worker.guards.window import Window


def test_what_everybody_knows_is_kept_no_longer_than_what_one_knows_alone() -> None:
    """A worker lives for months, and may be alone again at any moment: then its own calls count."""
    clock = StillClock()
    window = Window(rule_of("openai", CONFIG), clock)
    for _ in range(1_000):
        window.add(success=True)
        counts, last = window.tell()
        window.told(counts, (1, 0), last)
        clock.at += 1
    assert len(window) <= CONFIG.window_seconds + 1
    window.alone()
    assert sum(window.calls()) == CONFIG.window_seconds
