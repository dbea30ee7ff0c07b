"""What every ledger keeps of caps: none is passed, an operator's word counts at once."""

import json

import pytest
from sqlalchemy import select

from tasks.causes import WaitReason
from tasks.events import Kind
from tasks.ports.ledger import Reserved
from tests.ledgers import (
    BURIED,
    WAITING,
    a_running,
    an_arrival,
    claim_all,
    move,
    sent,
    take_in,
)
from tests.moneyed import (
    ECONOMY,
    TODAY,
    a_wish,
    account,
    again,
    answered,
    cap,
    reserved,
    stands,
)
from tests.twins.clock import NOON
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger

DONE, MOVED, SHORT = Reserved.DONE, Reserved.MOVED, Reserved.SHORT
STANDARD = f"{TODAY}/standard"


@pytest.mark.parametrize("scope", ["economy", "fleet"])
def test_a_cap_is_reached_and_never_passed(ledger: SqlLedger, scope: str) -> None:
    cap(ledger, scope, 1_000)
    move(ledger, reserved(ledger, 600), answered(500))
    reserved(ledger, 300)
    run = a_running(ledger)
    assert list(ledger.reserve([a_wish(run, 201)])) == [SHORT]
    assert ledger.run(run.id) == run
    assert len(ledger.events(run.id)) == 2
    assert list(ledger.reserve([a_wish(run, 200)])) == [DONE]
    assert list(ledger.reserve([a_wish(a_running(ledger), 1)])) == [SHORT]
    assert stands(ledger, scope) == (500, 500)


def test_of_a_group_that_does_not_fit_each_is_tried_by_itself(ledger: SqlLedger) -> None:
    cap(ledger, "economy", 100)
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(6))))
    amounts = (60, 50, 30, 11, 10, 70)
    accounts = (ECONOMY, ECONOMY, ECONOMY, ECONOMY, ECONOMY, STANDARD)
    group = [a_wish(*wish) for wish in zip(runs, amounts, accounts, strict=True)]
    assert list(ledger.reserve(group)) == [DONE, SHORT, DONE, SHORT, DONE, DONE]
    assert stands(ledger) == (100, 0)
    assert stands(ledger, "standard") == (70, 0)
    for change, done in zip(group, (True, False, True, False, True, True), strict=True):
        assert (ledger.run(change.before.id) == change.after) is done


def test_the_fleets_cap_counts_every_tier(ledger: SqlLedger) -> None:
    cap(ledger, "fleet", 100)
    reserved(ledger, 40)
    reserved(ledger, 40, STANDARD)
    premium = f"{TODAY}/premium"
    wishes = [a_wish(a_running(ledger), 21, premium), a_wish(a_running(ledger), 20, premium)]
    assert list(ledger.reserve(wishes)) == [SHORT, DONE]
    assert stands(ledger, "fleet") == (100, 0)


def test_a_tier_that_is_closed_does_not_close_another(ledger: SqlLedger) -> None:
    reserved(ledger, 100)
    cap(ledger, "economy", 10)
    assert list(ledger.reserve([a_wish(a_running(ledger), 1)])) == [SHORT]
    assert list(ledger.reserve([a_wish(a_running(ledger), 1, STANDARD)])) == [DONE]


def test_what_was_moved_meanwhile_reserves_nothing(ledger: SqlLedger) -> None:
    """Even where it would not fit: whoever has lost a run is told that first."""
    cap(ledger, "economy", 100)
    run, other = a_running(ledger), a_running(ledger)
    move(ledger, run, WAITING)
    assert list(ledger.reserve([a_wish(run, 60), a_wish(other, 60)])) == [MOVED, DONE]
    assert list(ledger.reserve([a_wish(run, 60)])) == [MOVED]
    assert stands(ledger) == (60, 0)


def test_of_two_wishes_of_one_run_the_first_counts(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    assert list(ledger.reserve([a_wish(run, 60), a_wish(run, 70)])) == [DONE, MOVED]
    assert stands(ledger) == (60, 0)


def test_whoever_asks_again_without_a_word_is_charged_for_the_first_time(
    ledger: SqlLedger,
) -> None:
    run = reserved(ledger, 60)
    assert list(ledger.reserve([a_wish(run, 5)])) == [DONE]
    assert stands(ledger) == (5, 60)


def test_each_day_has_its_own_money(ledger: SqlLedger) -> None:
    """A call that is answered after midnight is paid by the day on which it was reserved."""
    cap(ledger, "economy", 100)
    run = reserved(ledger, 100)
    tomorrow = "2026-01-02/economy"
    wishes = [a_wish(a_running(ledger), 100, tomorrow), a_wish(a_running(ledger), 1)]
    assert list(ledger.reserve(wishes)) == [DONE, SHORT]
    move(ledger, run, answered(30))
    assert stands(ledger) == (0, 30)
    assert stands(ledger, day="2026-01-02") == (100, 0)


def test_a_group_without_wishes_is_no_work(ledger: SqlLedger) -> None:
    assert list(ledger.reserve([])) == []


def test_an_operators_cap_counts_for_the_next_reservation_and_is_kept(ledger: SqlLedger) -> None:
    at_config = account(ledger).cap
    cap(ledger, "economy", 10)
    assert list(ledger.reserve([a_wish(a_running(ledger), 11)])) == [SHORT]
    cap(ledger, "economy", 11)
    run = a_running(ledger)
    assert list(ledger.reserve([a_wish(run, 11)])) == [DONE]
    said = account(ledger).said
    assert said
    assert (said.micro_usd, said.by, said.why, said.since) == (11, "Ada", "a test", NOON)
    cap(ledger, "economy", None)
    assert (account(ledger).cap, account(ledger).said) == (at_config, None)
    notices = schema.notices
    with reading(ledger.engine) as connection:
        kept = connection.execute(select(notices.c.kind, notices.c.subject, notices.c.body)).all()
    assert {(kind, subject) for kind, subject, _ in kept} == {("cap", "economy")}
    told = [(json.loads(body)["from"], json.loads(body)["to"]) for *_, body in kept]
    assert sorted(told, key=str) == sorted([(None, 10), (10, 11), (11, None)], key=str)


# ── Accounts ─────────────────────────────────────────────────────────────────────────────────────


def test_accounts_say_how_much_is_left_and_who_waits(ledger: SqlLedger) -> None:
    cap(ledger, "economy", 1_000)
    cap(ledger, "fleet", 1_100)
    move(ledger, reserved(ledger, 600), answered(500))
    reserved(ledger, 300)
    fleet, economy, standard, _ = ledger.accounts(TODAY)
    assert [one.scope for one in (fleet, economy, standard)] == ["fleet", "economy", "standard"]
    assert (economy.spent, economy.reserved, economy.left, economy.share) == (500, 300, 200, 0.8)
    assert (economy.is_near, economy.is_closed, standard.is_near) == (True, False, False)
    assert ledger.affordable(TODAY) == {
        "money:fleet": 300,
        "money:economy": 200,
        "money:standard": 300,
        "money:premium": 300,
    }
    waits = {
        "until": NOON + 9e4,
        "reason": WaitReason.MONEY,
        "why": "x",
        "waits_for": "money:economy",
    }
    move(ledger, a_running(ledger), (Kind.WAITING, waits))
    assert (account(ledger).waiting, account(ledger).is_closed) == (1, True)
    cap(ledger, "fleet", 700)
    assert account(ledger, "fleet").left == -100
    fleet, economy, *_ = ledger.accounts(TODAY)
    assert (fleet.waiting, fleet.is_closed) == (1, True)
    assert (economy.waiting, economy.is_closed) == (0, False), "it has money of its own left"
    assert ledger.affordable(TODAY) == {}
    assert ledger.affordable("2026-01-02")["money:economy"] == 700


def test_the_dearest_call_of_late_says_what_a_run_needs(ledger: SqlLedger) -> None:
    """Also of yesterday, and whatever became of it; of a tier that nobody has asked nothing."""
    assert ledger.dearest() == {}
    move(ledger, reserved(ledger, 300, "2025-12-31/economy"), answered(1))
    reserved(ledger, 200)
    reserved(ledger, 70, STANDARD)
    assert ledger.dearest() == {
        "money:economy": 300,
        "money:standard": 70,
        "money:fleet": 300,
    }


def test_a_day_that_was_changed_behind_its_back_is_found(ledger: SqlLedger) -> None:
    move(ledger, reserved(ledger, 60), answered(50))
    with ledger.engine.begin() as connection:
        connection.execute(schema.days.update().values(economy_spent=49))
    kept, folded = ledger.counted_twice()[ECONOMY]
    assert (kept.spent, folded.spent) == (49, 50)


def test_a_run_that_was_requeued_goes_on_paying(ledger: SqlLedger) -> None:
    run = again(ledger, reserved(ledger, 60))
    change = a_wish(run, 30)
    assert list(ledger.reserve([change])) == [DONE]
    dead = move(ledger, change.after, answered(20), BURIED)
    back = move(ledger, dead, (Kind.REQUEUED, {"stage": "classify", "tier": "economy"}), sent(dead))
    assert (back.calls, back.micro_usd) == (0, 80)
    assert stands(ledger) == (0, 80)
