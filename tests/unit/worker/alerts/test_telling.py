"""What is told is told once: pure, so every order of things can be tried."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.alerts import AlertKind, Alerts
from tests.twins.clock import NOON
from worker.alerts.alert import Alert
from worker.alerts.channel import State
from worker.alerts.telling import steps
from worker.ledgers.alerting import Kept

RULES = Alerts()
DAY = 86_400.0
OPEN = Alert(kind=AlertKind.BREAKER_OPEN, name="breaker:openai", text="it is open")


class Memory:
    """A ledger of alerts in memory, and what was told of them."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        self.said: list[tuple[str, State]] = []

    def look(self, now: float, *holding: Alert, unseen: frozenset[AlertKind] = frozenset()) -> None:
        for step in list(steps(self.kept, holding, now, RULES, unseen)):
            assert self.kept.get(step.after.name) == step.before
            self.kept[step.after.name] = step.after
            if step.says:
                self.said.append((step.after.name, step.says))

    @property
    def states(self) -> list[State]:
        return [state for _, state in self.said]


def test_what_holds_is_told_once() -> None:
    memory = Memory()
    for second in range(0, 3_600, 5):
        memory.look(NOON + second, OPEN)
    assert memory.said == [("breaker:openai", State.RAISED)]


def test_it_is_told_again_after_a_day() -> None:
    memory = Memory()
    for second in (0.0, DAY - 1, DAY, DAY + 5, 2 * DAY + 4):
        memory.look(NOON + second, OPEN)
    assert memory.states == [State.RAISED, State.STILL, State.STILL]


def test_its_end_is_told_once_it_has_not_held_for_a_minute() -> None:
    memory = Memory()
    memory.look(NOON, OPEN)
    for second in (5, 30, 64):
        memory.look(NOON + second)
    assert memory.states == [State.RAISED]
    for second in (65, 70, 3_600):
        memory.look(NOON + second)
    assert memory.states == [State.RAISED, State.RESOLVED]


def test_what_flaps_is_one_alert() -> None:
    memory = Memory()
    for second in range(0, 3_600, 5):
        memory.look(NOON + second, *([OPEN] if second % 50 == 0 else []))
    assert memory.states == [State.RAISED]
    assert memory.kept[OPEN.name].since == NOON


def test_what_comes_back_later_is_another_one() -> None:
    memory = Memory()
    memory.look(NOON, OPEN)
    memory.look(NOON + 10)
    memory.look(NOON + 80)
    memory.look(NOON + 500, OPEN)
    assert memory.states == [State.RAISED, State.RESOLVED, State.RAISED]
    assert memory.kept[OPEN.name].since == NOON + 500


def test_each_name_is_a_matter_of_its_own() -> None:
    memory = Memory()
    other = replace(OPEN, name="breaker:anthropic")
    memory.look(NOON, OPEN)
    memory.look(NOON + 5, OPEN, other)
    memory.look(NOON + 10, other)
    memory.look(NOON + 75, other)
    assert memory.said == [
        ("breaker:openai", State.RAISED),
        ("breaker:anthropic", State.RAISED),
        ("breaker:openai", State.RESOLVED),
    ]


def test_what_could_not_be_seen_has_not_ended() -> None:
    """Redis is away, and so is the word of its breakers: that is no recovery."""
    memory = Memory()
    memory.look(NOON, OPEN)
    for second in (10, 100, 1_000):
        memory.look(NOON + second, unseen=frozenset({AlertKind.BREAKER_OPEN}))
    assert memory.states == [State.RAISED]


@pytest.mark.parametrize("ahead", [10.0, 90 * DAY])
def test_a_clock_that_was_ahead_silences_nothing(ahead: float) -> None:
    memory = Memory()
    memory.look(NOON + ahead, OPEN)
    memory.look(NOON, OPEN)
    assert memory.states == [State.RAISED, State.STILL]
    memory.look(NOON + 5)
    memory.look(NOON + 70)
    assert memory.states[-1] is State.RESOLVED


def test_a_newer_version_s_alert_is_left_to_it() -> None:
    strange = Kept(name="x", kind="comet seen", text="far away", since=NOON, told_at=NOON)
    assert list(steps({"x": strange}, (), NOON + DAY, RULES)) == []


@given(st.lists(st.tuples(st.integers(1, 90), st.booleans()), max_size=60))
def test_beginnings_and_ends_take_turns(looks: list[tuple[int, bool]]) -> None:
    """Whatever happens: nobody hears of an end without a beginning, or of two beginnings."""
    memory, now = Memory(), NOON
    for pause, holds in looks:
        now += pause
        memory.look(now, *([OPEN] if holds else []))
    for place, state in enumerate(memory.states):
        assert state is (State.RAISED, State.RESOLVED)[place % 2]
    if looks and looks[-1][1]:
        assert memory.states[-1] is State.RAISED
