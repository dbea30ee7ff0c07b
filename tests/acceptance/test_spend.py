"""What an operator sees of money, and what a changed cap does at once."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tasks.accounts import account_of, day_of
from tasks.causes import WaitReason
from tasks.events import Kind
from tasks.ports.ledger import Reserved
from tests.acceptance.fleet import Place, Said, a_place
from tests.ledgers import a_running, move, sent
from tests.moneyed import TODAY, a_wish, answered, reserved, unanswered
from tests.twins.clock import NOON
from worker.cli.exit_codes import ExitCode
from worker.ledgers import schema
from worker.ledgers.engine import reading

CAPS = "[caps]\nfleet = 1\neconomy = 0.5\nstandard = 0.4\npremium = 0.3\n"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = a_place(tmp_path, guards=CAPS)
    yield place
    place.clear()


def _now(place: Place, tier: str = "economy") -> str:
    return account_of(place.shop.clock.now(), tier)  # type: ignore[arg-type]  # a tier


def _account(place: Place, scope: str, *words: str) -> dict[str, object]:
    said = place.ask("spend", "--json", *words).json()["accounts"]
    return next(one for one in said if one["scope"] == scope)


def test_a_day_is_shown_by_scope_and_by_model(place: Place) -> None:
    """Against the caps of config; a call of which nobody heard is charged in full, and named."""
    ledger = place.shop.ledger
    move(ledger, reserved(ledger, 300), answered(120))
    move(ledger, reserved(ledger, 300), unanswered(0))
    lapsed = reserved(ledger, 250)
    move(ledger, lapsed, (Kind.RELEASED, {"why": "x"}), sent(lapsed))
    reserved(ledger, 40)
    said = place.ask("spend", "--day", TODAY, "--json").json()
    [models] = said["models"]
    assert (models["tier"], models["model"], models["calls"]) == ("economy", "openai/m", 3)
    assert (models["answered"], models["unanswered"], models["lapsed"]) == (1, 1, 1)
    assert (models["input_tokens"], models["cached_tokens"], models["output_tokens"]) == (
        70,
        20,
        30,
    )
    assert models["cost_usd"] == 0.00037
    economy = _account(place, "economy", "--day", TODAY)
    assert (economy["spent_usd"], economy["reserved_usd"]) == (0.00037, 0.00004)
    assert (economy["cap_usd"], economy["share"], economy["by"]) == (0.5, 0.0008, None)
    assert _account(place, "fleet", "--day", TODAY)["spent_usd"] == 0.00037
    assert _account(place, "economy", "--day", "2025-12-31")["spent_usd"] == 0
    shown = place.ask("spend", "--day", TODAY).out
    assert "economy   $0.0004  $0.0000   $0.5000  0.1%" in shown
    assert "openai/m" in shown


def test_a_day_that_is_none_is_refused(place: Place) -> None:
    assert "no day" in place.ask("spend", "--day", "yesterday", code=ExitCode.USAGE).err


def test_a_cap_is_changed_with_yes_and_counts_for_the_next_call(place: Place) -> None:
    ledger, account = place.shop.ledger, _now(place)
    words = ("spend", "set-cap", "economy", "0.0001", "--why", "a test")
    assert "nothing was changed" in place.ask(*words).out
    assert _account(place, "economy")["cap_usd"] == 0.5
    place.ask(*words, "--yes")
    run = a_running(ledger)
    assert ledger.reserve([a_wish(run, 101, account)]) == [Reserved.SHORT]
    assert ledger.reserve([a_wish(run, 100, account)]) == [Reserved.DONE]
    told = _account(place, "economy")
    assert (told["cap_usd"], told["why"], told["closed"]) == (0.0001, "a test", True)
    place.ask("spend", "set-cap", "economy", "default", "--why", "over", "--yes")
    assert (_account(place, "economy")["cap_usd"], _account(place, "economy")["by"]) == (0.5, None)
    notices = schema.notices
    with reading(ledger.engine) as connection:
        found = connection.execute(select(notices.c.body).order_by(notices.c.at)).scalars().all()
    assert [(json.loads(body)["to"], json.loads(body)["why"]) for body in found] == [
        (100, "a test"),
        (None, "over"),
    ]


def test_a_cap_below_what_is_spent_says_that_it_closes(place: Place) -> None:
    reserved(place.shop.ledger, 5_000, _now(place))
    said = place.ask("spend", "set-cap", "economy", "0.004", "--why", "too much", "--yes").out
    assert "closed until midnight UTC" in said
    assert _account(place, "economy")["closed"]


def test_a_tiers_cap_is_no_help_where_the_fleets_is_reached(place: Place) -> None:
    """Whoever raises it is told which one is to be raised."""
    reserved(place.shop.ledger, 5_000, _now(place))
    place.ask("spend", "set-cap", "fleet", "0.005", "--why", "a test", "--yes")
    said = place.ask("spend", "set-cap", "economy", "0.02", "--why", "a rush", "--yes").out
    assert "but the whole fleet has $0.0000 left: `triage spend set-cap fleet USD`" in said
    said = place.ask("spend", "set-cap", "economy", "0.02", "--why", "a rush", "--json").json()
    assert said["fleet_left_usd"] == 0
    assert "fleet has" not in place.ask("spend", "set-cap", "fleet", "1", "--why", "a rush").out


@pytest.mark.parametrize("usd", ["none", "-1", "1e9", "nan", "much"])
def test_a_cap_that_is_none_is_refused(place: Place, usd: str) -> None:
    """Also `none`: a fleet without a cap is not to be had by a slip of the tongue."""
    place.ask("spend", "set-cap", "fleet", usd, "--why", "x", code=ExitCode.USAGE)


def _status(place: Place, option: str = "--json") -> Said:
    """Nobody works there, so there is an alert as soon as there is a ticket."""
    code = ExitCode.NEEDS_YOU if place.runs() else ExitCode.DONE
    return place.ask(*f"status {option}".split(), code=code)


def test_status_names_who_has_used_most_of_its_money(place: Place) -> None:
    ledger = place.shop.ledger
    assert _status(place).json()["money"] == []
    reserved(ledger, 400_000, _now(place))
    [near] = _status(place).json()["money"]
    assert (near["scope"], near["share"], near["closed"]) == ("economy", 0.8, False)
    assert "money: economy has used 80% of today's $0.5000" in _status(place, "").out
    until = {"until": NOON + 9e9, "reason": WaitReason.MONEY, "why": "x"}
    move(ledger, a_running(ledger), (Kind.WAITING, {**until, "waits_for": "money:economy"}))
    [closed] = _status(place).json()["money"]
    assert (closed["closed"], closed["waiting"]) == (True, 1)
    assert "closed until midnight UTC or a higher cap, 1 wait for it" in _status(place, "").out
    assert not _account(place, "economy", "--day", TODAY)["closed"], "they wait for today's"


def test_books_that_are_counted_again_name_a_day_that_differs(place: Place) -> None:
    ledger = place.shop.ledger
    move(ledger, reserved(ledger, 300), answered(120))
    assert place.ask("books", "--deep", "--json").json()["balanced"]
    with ledger.engine.begin() as connection:
        connection.execute(schema.days.update().values(economy_reserved=5))
    said = place.ask("books", "--deep", code=ExitCode.NEEDS_YOU).out
    assert (
        f"account {TODAY}/economy says $0.000120 spent and $0.000005 reserved,"
        " its runs' events $0.000120 spent and $0.000000 reserved" in said
    )
    assert place.ask("books", "--json").json()["balanced"], "the other counts are as they were"
    assert day_of(NOON) == TODAY
