"""When a breaker opens, who probes it, and how it closes; by a clock that stands still."""

import asyncio
import json

import pytest

from config.guards import Breaker
from tasks.errors import BreakerOpen, CredentialRefused, QuotaGone, UnknownModel
from tasks.ports.guards import Ended
from tests.twins.breakers import CONFIG, Process, processes, sync
from worker.ledgers.tripping import Trip

KEY = "credential:OPENAI_API_KEY"


def _opened(number: int = 1, config: Breaker = CONFIG, chance: float = 0.5) -> list[Process]:
    """A fleet whose breaker x has just opened."""
    fleet = processes(number, config, chance)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    asyncio.run(fleet[0].fail(10))
    sync(fleet)
    assert {one.state() for one in fleet} == {"open"}
    return fleet


def test_half_of_ten_calls_open_it_and_half_of_nine_do_not() -> None:
    """Fewer than the least number of calls say nothing."""
    [one] = processes()
    asyncio.run(one.fail(9))
    assert one.state() == "closed"
    asyncio.run(one.fail(1))
    assert one.state() == "open"


def test_a_share_below_the_limit_never_opens_it() -> None:
    """Alone, pybreaker counts failures in a row; here 50 in a row of 101 are not half."""
    [one] = processes()
    for _ in range(51):
        asyncio.run(one.call())
    asyncio.run(one.fail(50))
    assert one.state() == "closed"
    asyncio.run(one.fail(1))
    assert one.state() == "open"


def test_what_was_long_ago_does_not_count() -> None:
    [one] = processes()
    asyncio.run(one.fail(9))
    one.clock.at += CONFIG.window_seconds + 1
    asyncio.run(one.fail(9))
    assert one.state() == "closed"


@pytest.mark.parametrize("ended", [Ended.CANCELLED, Ended.NEUTRAL])
def test_who_hung_up_and_who_was_told_no_say_nothing(ended: Ended) -> None:
    [one] = processes()
    for _ in range(50):
        assert asyncio.run(one.call(ended)) is None
    assert one.state() == "closed"
    assert one.breakers.standing("x").calls == 0


def test_the_failures_of_all_processes_are_counted_together() -> None:
    """Five in each of two are ten; who opens it need not be who heard last."""
    fleet = processes(2)
    for one in fleet:
        asyncio.run(one.fail(5))
    sync(fleet)
    asyncio.run(fleet[0].fail(1))
    sync(fleet)
    assert [one.state() for one in fleet] == ["open", "open"]


def test_an_open_breaker_says_when_to_ask_again() -> None:
    [one] = _opened()
    one.clock.at += 2
    held = asyncio.run(one.call())
    assert isinstance(held, BreakerOpen)
    assert (held.dependency, held.retry_after) == ("x", 3.0)


def test_one_probe_goes_and_everybody_else_waits_for_it() -> None:
    fleet = _opened(3)
    fleet[0].clock.at += 5
    asyncio.run(fleet[1].probe())
    assert all(isinstance(asyncio.run(one.call()), BreakerOpen) for one in fleet)
    sync(fleet)
    assert [one.state() for one in fleet] == ["probing"] * 3


def test_each_failed_probe_doubles_the_time_until_the_next_up_to_the_most() -> None:
    fleet = _opened(2)
    waits = []
    for n in range(6):
        wait = fleet[0].breakers.standing("x").probe_in
        assert wait is not None
        waits.append(wait)
        fleet[0].clock.at += wait
        leave = asyncio.run(fleet[n % 2].probe())
        fleet[n % 2].breakers.report(leave, Ended.FAILURE)
        sync(fleet)
    assert waits == [5, 10, 20, 40, 60, 60]


def test_one_successful_probe_closes_it_for_all_and_forgets_the_window() -> None:
    fleet = _opened(2, Breaker(ramp_seconds=0))
    fleet[0].clock.at += 5
    leave = asyncio.run(fleet[0].probe())
    fleet[0].breakers.report(leave, Ended.SUCCESS)
    sync(fleet)
    assert [one.state() for one in fleet] == ["closed", "closed"]
    for one in fleet:
        assert asyncio.run(one.call(Ended.FAILURE)) is None
    sync(fleet)
    assert [one.state() for one in fleet] == ["closed", "closed"]


def test_a_cancelled_probe_gives_its_turn_to_another() -> None:
    fleet = _opened(2)
    fleet[0].clock.at += 5
    fleet[0].breakers.report(asyncio.run(fleet[0].probe()), Ended.CANCELLED)
    sync(fleet)
    asyncio.run(fleet[1].probe())


def test_a_probe_that_was_told_no_gives_its_turn_to_another_a_while_later() -> None:
    """It has been asked, and has answered: asking on and on would be no leaving alone."""
    fleet = _opened(2)
    fleet[0].clock.at += 5
    fleet[0].breakers.report(asyncio.run(fleet[0].probe()), Ended.NEUTRAL)
    sync(fleet)
    assert isinstance(asyncio.run(fleet[1].call()), BreakerOpen)
    fleet[0].clock.at += 5
    asyncio.run(fleet[1].probe())


def test_a_probe_without_an_answer_has_failed_when_its_interval_is_over() -> None:
    """Else a server that hangs would be asked every five seconds for ever."""
    fleet = _opened(2)
    fleet[0].clock.at += 5
    asyncio.run(fleet[0].probe())
    fleet[0].clock.at += 5
    sync(fleet)
    assert fleet[1].breakers.standing("x").probe_in == 10


def test_a_late_success_of_a_probe_closes_it_and_its_late_failure_says_nothing() -> None:
    fleet = _opened(2)
    fleet[0].clock.at += 5
    slow = asyncio.run(fleet[0].probe())
    fleet[0].clock.at += 6
    sync(fleet)
    fleet[0].breakers.report(slow, Ended.FAILURE)
    sync(fleet)
    assert fleet[1].breakers.standing("x").probe_in == 10
    fleet[0].breakers.report(slow, Ended.SUCCESS)
    sync(fleet)
    assert fleet[1].state() == "ramp"


def test_the_lease_of_a_process_that_died_runs_out() -> None:
    fleet = _opened(2)
    fleet[0].clock.at += 5
    asyncio.run(fleet[0].probe())
    fleet[0].clock.at += 5
    asyncio.run(fleet[1].probe())


def test_calls_from_before_it_opened_do_not_count_once_it_has_closed() -> None:
    """They tell of the outage, and a slow one may end long after it."""
    [one] = processes(config=Breaker(ramp_seconds=0))
    old = [asyncio.run(one.breakers.admit("x")) for _ in range(20)]
    asyncio.run(one.fail(10))
    sync([one])
    one.clock.at += 5
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    for leave in old:
        one.breakers.report(leave, Ended.FAILURE)
    assert one.state() == "closed"


def test_what_was_counted_before_it_closed_is_forgotten_on_ones_own_too() -> None:
    [one] = processes(config=Breaker(ramp_seconds=0))
    asyncio.run(one.fail(10))
    one.clock.at += 10
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    asyncio.run(one.fail(1))
    assert one.state() == "closed"


# ── The ramp ─────────────────────────────────────────────────────────────────────────────────────


def _recovered(chance: float) -> Process:
    [one] = _opened(chance=chance)
    one.clock.at += 5
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    return one


@pytest.mark.parametrize(("passed", "least"), [(0, 0.1), (3, 0.3), (9, 0.9)])
def test_on_the_ramp_a_growing_share_is_let_through(passed: float, least: float) -> None:
    lucky, unlucky = _recovered(least - 0.01), _recovered(least + 0.01)
    lucky.clock.at += passed
    unlucky.clock.at += passed
    assert asyncio.run(lucky.call()) is None
    held = asyncio.run(unlucky.call())
    assert isinstance(held, BreakerOpen)
    assert held.retry_after <= 1.0
    assert "ramp" in str(held)


def test_after_the_ramp_everything_goes() -> None:
    one = _recovered(0.9999)
    one.clock.at += CONFIG.ramp_seconds
    assert asyncio.run(one.call()) is None
    assert one.state() == "closed"


@pytest.mark.parametrize(("passed", "wait"), [(1, 10.0), (11, 5.0)])
def test_one_that_opens_again_on_its_ramp_goes_on_with_its_longer_time(
    passed: float, wait: float
) -> None:
    """One that opens again after it begins anew."""
    [one] = _opened(chance=0.0)
    one.clock.at += 5
    one.breakers.report(asyncio.run(one.probe()), Ended.FAILURE)
    sync([one])
    one.clock.at += 10
    one.breakers.report(asyncio.run(one.probe()), Ended.SUCCESS)
    sync([one])
    one.clock.at += passed
    asyncio.run(one.fail(9))
    one.breakers.report(asyncio.run(one.breakers.admit("x")), Ended.FAILURE)
    assert one.breakers.standing("x").probe_in == wait


# ── Alone ────────────────────────────────────────────────────────────────────────────────────────


def test_a_process_on_its_own_opens_and_closes_by_what_it_sees() -> None:
    fleet = processes(2)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    fleet[0].shared.is_away = True
    sync(fleet)
    asyncio.run(fleet[0].fail(10))
    sync(fleet)
    assert [one.state() for one in fleet] == ["open", "closed"]
    fleet[0].clock.at += 10
    leave = asyncio.run(fleet[0].probe())
    fleet[0].breakers.report(leave, Ended.SUCCESS)
    assert fleet[0].state() == "ramp"


def test_on_its_own_it_waits_longer_before_it_probes() -> None:
    """It is not the only one, and the others cannot be asked; most absences are short."""
    [one] = processes()
    asyncio.run(one.fail(10))
    one.clock.at += 8.7
    assert isinstance(asyncio.run(one.call()), BreakerOpen)
    one.clock.at += 0.1
    asyncio.run(one.probe())


def test_what_it_found_alone_is_everybodys_when_they_are_back() -> None:
    fleet = processes(2)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    fleet[0].shared.is_away = True
    sync(fleet)
    asyncio.run(fleet[0].fail(10))
    fleet[0].shared.is_away = False
    sync(fleet)
    assert [one.state() for one in fleet] == ["open", "open"]


def test_of_two_who_changed_it_at_the_same_time_one_is_heard() -> None:
    fleet = _opened(2)
    fleet[0].clock.at += 5
    leave = asyncio.run(fleet[0].probe())
    fleet[0].breakers.report(leave, Ended.SUCCESS)
    fleet[1].shared.is_away = True
    fleet[1].breakers.sync()
    fleet[1].clock.at += 10
    other = asyncio.run(fleet[1].probe())
    fleet[1].breakers.report(other, Ended.FAILURE)
    fleet[1].shared.is_away = False
    fleet[0].breakers.sync()
    sync(fleet)
    assert {one.state() for one in fleet} <= {"ramp", "closed"}


def test_what_was_flushed_is_put_back_by_who_knows_most() -> None:
    """An old hand that has not heard of the last change does not take it back."""
    fleet = _opened(3)
    fleet[0].clock.at += 5
    fleet[0].breakers.report(asyncio.run(fleet[0].probe()), Ended.FAILURE)
    fleet[0].breakers.sync()
    fleet[0].clock.at += 2
    fleet[0].shared.flush()
    for one in reversed(fleet):
        one.breakers.sync()
    sync(fleet)
    assert [one.breakers.standing("x").probe_in for one in fleet] == [8.0] * 3


def test_a_probe_under_way_is_not_forgotten_with_a_flush() -> None:
    fleet = _opened(2)
    fleet[0].clock.at += 5
    asyncio.run(fleet[0].probe())
    fleet[0].shared.flush()
    fleet[0].breakers.sync()
    fleet[1].breakers.sync()
    assert isinstance(asyncio.run(fleet[1].call()), BreakerOpen)


def test_a_process_that_starts_knows_at_once_what_is_open() -> None:
    fleet = _opened(1)
    [late] = processes()
    late.breakers._shared = fleet[0].shared  # noqa: SLF001 - it joins them
    late.breakers.start()
    try:
        assert isinstance(asyncio.run(late.call()), BreakerOpen)
    finally:
        late.breakers.stop()


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "kind"),
    [(KEY, CredentialRefused), (KEY, QuotaGone), ("model:openai/gpt-9", UnknownModel)],
)
def test_one_refusal_of_a_key_shuts_it_for_all(
    name: str, kind: type[CredentialRefused | QuotaGone | UnknownModel]
) -> None:
    """Everybody is told what the first one was told, with the key's name, and nobody asks."""
    fleet = processes(2)
    refused = kind("no", credential="OPENAI_API_KEY")
    for one in fleet:
        asyncio.run(one.call(name=name))
    sync(fleet)
    assert asyncio.run(fleet[0].call(Ended.FAILURE, name, refused)) is None
    sync(fleet)
    for one in fleet:
        held = asyncio.run(one.call(name=name))
        assert type(held) is kind
        assert held.credential == "OPENAI_API_KEY"


def test_a_key_is_tried_again_at_constant_intervals_and_one_success_is_enough() -> None:
    fleet = processes(2)
    refused = CredentialRefused("no", credential="OPENAI_API_KEY")
    for one in fleet:
        asyncio.run(one.call(name=KEY))
    sync(fleet)
    asyncio.run(fleet[0].call(Ended.FAILURE, KEY, refused))
    sync(fleet)
    for n in range(3):
        fleet[0].clock.at += 19.9
        assert isinstance(asyncio.run(fleet[1].call(name=KEY)), CredentialRefused)
        fleet[0].clock.at += 0.2
        ended = Ended.SUCCESS if n == 2 else Ended.FAILURE
        leave = asyncio.run(fleet[1].probe(KEY))
        assert isinstance(asyncio.run(fleet[0].call(name=KEY)), CredentialRefused)
        fleet[1].breakers.report(leave, ended, None if n == 2 else refused)
        sync(fleet)
    assert [one.state(KEY) for one in fleet] == ["closed", "closed"]


# ── Operators, and what is written down ──────────────────────────────────────────────────────────


def test_what_is_tripped_lets_nothing_through_until_it_is_lifted() -> None:
    [one] = processes()
    one.book.tripped.append(Trip(name="x", since=1.0, by="ada", why="their bill is wrong"))
    one.scribe.look()
    held = asyncio.run(one.call())
    assert isinstance(held, BreakerOpen)
    assert "ada: their bill is wrong" in str(held)
    standing = one.breakers.standing("x")
    assert (standing.state, standing.by, standing.why) == ("tripped", "ada", "their bill is wrong")
    one.book.tripped.clear()
    one.scribe.look()
    assert asyncio.run(one.call()) is None


def test_a_change_is_noticed_once_by_whoever_made_it() -> None:
    fleet = _opened(3)
    fleet[0].clock.at += 5
    fleet[1].breakers.report(asyncio.run(fleet[1].probe()), Ended.SUCCESS)
    sync(fleet)
    for one in fleet:
        one.scribe.look()
    kept = sorted(fleet[0].book.kept.values(), key=lambda one: one.at)
    assert [(one.kind, one.subject) for one in kept] == [
        ("breaker.opened", "x"),
        ("breaker.closed", "x"),
    ]
    assert json.loads(kept[1].body)["open_seconds"] == 5.0


def test_those_who_open_it_each_alone_notice_it_once() -> None:
    fleet = processes(3)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    fleet[0].shared.is_away = True
    sync(fleet)
    for one in fleet:
        asyncio.run(one.fail(10))
    sync(fleet)
    fleet[0].shared.is_away = False
    sync(fleet)
    for one in fleet:
        one.scribe.look()
    assert [one.kind for one in fleet[0].book.kept.values()] == ["breaker.opened"]


def test_notices_wait_for_a_ledger_that_is_away() -> None:
    [one] = _opened()
    one.book.is_down = True
    one.breakers.sync()
    with pytest.raises(Exception, match="as the test wants it"):
        one.scribe.look()
    one.book.is_down = False
    one.scribe.look()
    assert [notice.kind for notice in one.book.kept.values()] == ["breaker.opened"]
