"""One herald at a time tells what holds; whoever takes over tells nothing twice."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from config.alerts import AlertKind
from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation
from tests.twins.clock import NOON, StillClock
from tests.unit.worker.alerts.pictures import CONFIG
from worker.alerts.channel import Message
from worker.alerts.lookout import Lookout
from worker.alerts.post import Post
from worker.ledgers.alerting import Kept
from worker.ledgers.sql import SqlLedger
from worker.ledgers.switching import GuardOff
from worker.telemetry.log import Log
from worker.upkeep.caller import Caller
from worker.upkeep.herald import Herald
from worker.upkeep.incarnation import Heart

OFF = GuardOff(name="money", until=NOON + 600, since=NOON, by="ada", why="a test of ours")


class Ear:
    """Implements Channel: keeps what it hears; `then` happens while it does."""

    name = "log"
    kinds: tuple[AlertKind, ...] = ()

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.ids: list[str] = []

    def tell(self, message: Message) -> None:
        self.heard.append((message.alert.name, str(message.state)))
        self.ids.append(message.id)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def ear() -> Ear:
    return Ear()


class Company:
    """Workers with a herald each, in one ledger."""

    def __init__(self, ledger: SqlLedger, clock: StillClock, ear: Ear, locks: Path) -> None:
        self.ledger, self._clock, self._ear, self._locks = ledger, clock, ear, locks
        self.hearts: list[Heart] = []
        self.broker_answers = True
        self.looked: list[int] = []  # which of them

    def _asks(self, number: int) -> bool:
        self.looked.append(number)
        return self.broker_answers

    def hire(self) -> Herald:
        row = WorkerRow(
            incarnation=Incarnation(f"w{len(self.hearts)}"),
            host="here",
            pid=1,
            version="1",
            tiers=(),
            beat=0,
            started_at=self._clock.now(),
            beat_at=self._clock.now(),
        )
        log = Log("test")
        heart = Heart(
            row, locks=self._locks, ledger=self.ledger, clock=self._clock, every=1.0, log=log
        )
        heart.begin()
        self.hearts.append(heart)
        post = Post([self._ear], self.ledger, self._clock, runbook="r", log=log)
        return Herald(
            heart,
            Lookout(self.ledger, CONFIG),
            post,
            Caller(self.ledger, post, CONFIG.alerts),
            broker_answers=partial(self._asks, len(self.hearts) - 1),
            rules=CONFIG.alerts,
        )

    def wait(self, seconds: float) -> None:
        self._clock.at += seconds
        for heart in self.hearts:
            heart.beat()


@pytest.fixture
def company(ledger: SqlLedger, clock: StillClock, ear: Ear, tmp_path: Path) -> Iterator[Company]:
    company = Company(ledger, clock, ear, tmp_path)
    yield company
    for heart in company.hearts:
        heart.let_go()


def test_of_two_heralds_one_tells(company: Company, ear: Ear) -> None:
    first, second = company.hire(), company.hire()
    company.ledger.switch_off(OFF)
    for _ in range(3):
        first.sweep()
        second.sweep()
        company.wait(5)
    assert ear.heard == [("guard:money", "raised")]
    assert set(company.looked) == {0}


def test_the_heir_tells_only_what_is_new(company: Company, ear: Ear) -> None:
    first, heir = company.hire(), company.hire()
    company.ledger.switch_off(OFF)
    first.sweep()
    company.ledger.bury(company.hearts[0].incarnation, NOON)
    company.hearts.pop(0).let_go()
    heir.sweep()
    assert ear.heard == [("guard:money", "raised")]
    company.ledger.switch_on("money", by="ada", at=NOON + 1)
    company.wait(5)
    heir.sweep()
    company.wait(60)
    heir.sweep()
    assert ear.heard == [("guard:money", "raised"), ("guard:money", "resolved")]


def test_killed_between_telling_and_its_note_the_heir_tells_the_same_message_again(
    company: Company, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once: and whoever drops twins knows them by their id."""

    class Killed(BaseException):
        pass

    def die(_: object) -> None:
        raise Killed

    first, heir = company.hire(), company.hire()
    company.ledger.switch_off(OFF)
    with monkeypatch.context() as patched:
        patched.setattr(company.ledger, "told", die)
        with pytest.raises(Killed):
            first.sweep()
    company.ledger.bury(company.hearts[0].incarnation, NOON)
    company.hearts.pop(0).let_go()
    heir.sweep()
    company.wait(5)
    heir.sweep()
    assert ear.heard == [("guard:money", "raised")] * 2
    assert len(set(ear.ids)) == 1


def test_a_holder_that_is_taken_for_dead_while_it_looks_tells_nothing(
    company: Company, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was frozen there, and wakes up beside its heir."""
    first, heir = company.hire(), company.hire()
    first.sweep()
    company.ledger.switch_off(OFF)
    known = company.ledger.alerts

    def frozen() -> Mapping[str, Kept]:
        found = known()
        monkeypatch.setattr(company.ledger, "alerts", known)
        company.ledger.bury(company.hearts[0].incarnation, NOON)
        heir.sweep()
        return found

    monkeypatch.setattr(company.ledger, "alerts", frozen)
    company.wait(5)
    first.sweep()
    company.wait(5)
    heir.sweep()
    assert ear.heard == [("guard:money", "raised")]


def test_a_guard_whose_time_is_over_is_on_again_and_told_to_be(company: Company, ear: Ear) -> None:
    herald = company.hire()
    company.ledger.switch_off(replace(OFF, until=NOON + 10))
    for _ in range(4):
        herald.sweep()
        company.wait(30)
    assert ear.heard == [("guard:money", "raised"), ("guard:money", "resolved")]
    kinds = [notice.kind for notice in company.ledger.notices(0.0)]
    assert kinds == ["guard.off", "guard.expired"]


def test_a_broker_that_is_down_is_told_of(company: Company, ear: Ear) -> None:
    herald = company.hire()
    company.broker_answers = False
    herald.sweep()
    assert ear.heard == [("broker", "raised")]


def test_after_a_look_that_took_long_it_rests_and_delivers_all_the_same(
    company: Company, ear: Ear, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large ledger is read for a twentieth of the time at most."""
    herald = company.hire()
    look, looks = Lookout.look, []

    def slow(self: Lookout, now: float, **more: object) -> object:
        looks.append(now)
        clock.at += 2
        return look(self, now, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Lookout, "look", slow)
    for _ in range(100):
        herald.sweep()
        company.wait(1)
    assert 2 <= len(looks) <= 4
