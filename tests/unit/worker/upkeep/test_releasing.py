"""What a guard held back goes on when that guard lets through, by one to try and then by crowds."""

from dataclasses import dataclass, field

import pytest

from tasks.causes import WaitReason
from tasks.events import Kind
from tasks.run import Run
from tests.ledgers import a_running, claim_all, move, sent
from tests.twins.clock import NOON, StillClock
from worker.ledgers.sql import SqlLedger
from worker.upkeep.releasing import FIRST, PROBE_SECONDS, Releasing, Way

MANY = 1_000


@dataclass
class Fleet:
    """Runs that are held back, and the guards that do."""

    ledger: SqlLedger
    ways: dict[str, Way] = field(default_factory=dict)
    clock: StillClock = field(default_factory=StillClock)

    def __post_init__(self) -> None:
        self.releasing = Releasing(self.ledger, self.clock, lambda _names: self.ways)

    def hold(self, crowd: str, count: int = 1) -> list[Run]:
        """So many wait for it."""
        return [self._hold(crowd, a_running(self.ledger)) for _ in range(count)]

    def again(self, crowd: str, run: Run) -> None:
        """One that was let go is held back once more."""
        gone = self.ledger.run(run.id)
        assert gone
        self._hold(crowd, *claim_all(self.ledger, gone))

    def _hold(self, crowd: str, run: Run) -> Run:
        waiting = {
            "until": NOON + 900,
            "reason": WaitReason.BREAKER,
            "why": "it is open",
            "waits_for": crowd,
        }
        return move(self.ledger, run, (Kind.WAITING, waiting))

    def sweep(self, limit: int = MANY) -> list[Run]:
        """Who goes now; they are gone then."""
        ready = list(self.releasing.ready(limit))
        for run in ready:
            move(self.ledger, run, sent(run))
        return ready


@pytest.fixture
def fleet(ledger: SqlLedger) -> Fleet:
    return Fleet(ledger)


def test_who_is_held_back_stays_while_its_guard_is_shut(fleet: Fleet) -> None:
    fleet.hold("openai")
    fleet.ways = {"openai": Way.SHUT}
    assert fleet.sweep() == []


def test_one_tries_a_guard_that_may_be_tried_and_the_oldest_first(fleet: Fleet) -> None:
    """And the next one when that one has had its time."""
    held = fleet.hold("openai", 3)
    fleet.ways = {"openai": Way.PROBE}
    assert fleet.sweep() == held[:1]
    assert fleet.sweep() == []
    fleet.clock.at += PROBE_SECONDS
    assert fleet.sweep() == held[1:2]


def test_a_crowd_is_let_go_faster_and_faster(fleet: Fleet) -> None:
    """Who comes back from an outage must not be trampled; nobody is forgotten."""
    held = fleet.hold("openai", 70)
    fleet.ways = {"openai": Way.OPEN}
    assert [len(fleet.sweep()) for _ in range(4)] == [FIRST, 2 * FIRST, 70 - 3 * FIRST, 0]
    fleet.hold("openai")
    fleet.ways = {}
    assert len(fleet.sweep()) == 1, "a guard that nobody knows any more holds nobody"
    assert held


def test_no_sweep_sends_more_than_it_may(fleet: Fleet) -> None:
    fleet.hold("openai", 3)
    fleet.hold("anthropic", 3)
    fleet.ways = {"openai": Way.OPEN, "anthropic": Way.OPEN}
    assert len(fleet.sweep(4)) == 4


def test_who_waits_for_several_goes_with_the_first_that_opens(fleet: Fleet) -> None:
    both = fleet.hold("anthropic credential:K")
    fleet.hold("credential:J")
    fleet.ways = {"anthropic": Way.SHUT, "credential:K": Way.OPEN, "credential:J": Way.SHUT}
    assert fleet.sweep() == both


def test_who_tried_in_vain_lets_all_the_others_try_first(fleet: Fleet) -> None:
    """A ticket that its helpdesk alone cannot stand would keep everybody waiting for ever."""
    held = fleet.hold("helpdesk:rt", 3)
    fleet.ways = {"helpdesk:rt": Way.PROBE}
    tried = []
    for _ in range(4):
        [run] = fleet.sweep()
        tried.append(run.id)
        fleet.clock.at += PROBE_SECONDS
        fleet.again("helpdesk:rt", run)
    assert tried == [held[0].id, held[1].id, held[2].id, held[0].id]
