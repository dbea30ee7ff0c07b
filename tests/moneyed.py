"""Runs that ask models for money, on accounts that are known to be right."""

from tasks.accounts import account_of
from tasks.events import Body, Kind
from tasks.ports.ledger import Change, Reserved
from tasks.run import Run
from tests.ledgers import a_change, a_running, claim_all, move, sent
from tests.twins.clock import NOON
from worker.ledgers.accounting import Account
from worker.ledgers.sql import SqlLedger

TODAY = "2026-01-01"
ECONOMY = account_of(NOON, "economy")


def asking(micro_usd: int, account: str = ECONOMY) -> tuple[Kind, Body]:
    """A call is about to be made that costs so much at most."""
    return Kind.ASKING, {"reserved": micro_usd, "account": account, "model": "openai/m"}


def answered(micro_usd: int) -> tuple[Kind, Body]:
    """It was answered, and has cost so much."""
    tokens = {"input_tokens": 70, "output_tokens": 30, "cached_tokens": 20}
    about = {"model": "openai/m", "tier": "economy", "prompt": "p"}
    return Kind.ANSWERED, {"micro_usd": micro_usd, **about, **tokens}


def unanswered(micro_usd: int) -> tuple[Kind, Body]:
    """It was not, and has cost so much."""
    return Kind.UNANSWERED, {"micro_usd": micro_usd, "model": "openai/m", "tier": "economy"}


def a_wish(run: Run, micro_usd: int, account: str = ECONOMY) -> Change:
    """To reserve so much for a call."""
    return a_change(run, asking(micro_usd, account))


def reserved(ledger: SqlLedger, micro_usd: int, account: str = ECONOMY) -> Run:
    """A run with so much reserved."""
    change = a_wish(a_running(ledger), micro_usd, account)
    assert ledger.reserve([change]) == [Reserved.DONE]
    return change.after


def again(ledger: SqlLedger, run: Run) -> Run:
    """The same run, let go of and claimed once more."""
    return claim_all(ledger, move(ledger, run, (Kind.RELEASED, {"why": "a test"}), sent(run)))[0]


def cap(ledger: SqlLedger, scope: str, micro_usd: int | None) -> None:
    """An operator says so."""
    ledger.set_cap(scope, micro_usd, at=NOON, by="Ada", why="a test")


def account(ledger: SqlLedger, scope: str = "economy", day: str = TODAY) -> Account:
    """How that one stands."""
    return next(one for one in ledger.accounts(day) if one.scope == scope)


def stands(ledger: SqlLedger, scope: str = "economy", day: str = TODAY) -> tuple[int, int]:
    """What is reserved and what is spent; counted twice on the way."""
    assert_counted(ledger)
    found = account(ledger, scope, day)
    return found.reserved, found.spent


def assert_counted(ledger: SqlLedger) -> None:
    """What the days say is what the events of all runs come to."""
    differing = {name: both for name, both in ledger.counted_twice().items() if both[0] != both[1]}
    assert differing == {}
