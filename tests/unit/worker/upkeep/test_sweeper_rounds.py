"""A round of looking once more: how much of it there is, and when it ends."""

import pytest

from tasks.errors import (
    BreakerOpen,
    CredentialRefused,
    HelpdeskDown,
    NotAllowed,
    RateLimited,
    Rejected,
)
from tasks.ports.helpdesk import Traces
from tests.ledgers import written_with_a_note
from tests.twins.clock import NOON, StillClock
from tests.twins.helpdesk import WatchedHelpdesk
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.upkeep.sweeper import ROUND_SECONDS, Sweeper

TROUBLES: tuple[tuple[Exception, int], ...] = (
    (HelpdeskDown("away"), 1),
    (BreakerOpen("away", dependency="helpdesk:rt", retry_after=5.0), 1),
    (RateLimited("asked too often", retry_after=5.0), 1),
    (CredentialRefused("401", credential="TOKEN"), 1),
    (Rejected("that ticket is odd"), 3),
    (NotAllowed("403"), 3),
    (KeyError("a field that nobody thought of"), 3),
)
"""What a helpdesk or a guard says, and of how many of three it is asked in one round."""


@pytest.mark.parametrize(("trouble", "many"), TROUBLES)
def test_of_a_helpdesk_that_does_not_answer_nobody_else_is_asked_in_this_round(
    ledger: SqlLedger,
    helpdesk: WatchedHelpdesk,
    sweeper: Sweeper,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception,
    many: int,
) -> None:
    """Each would be waited for; those that were not asked of are as due in the next round."""
    runs = [written_with_a_note(ledger, f"T-{number}") for number in range(3)]
    asked = list[str]()

    async def fails(ticket: str, **_: object) -> Traces:
        asked.append(ticket)
        raise trouble

    monkeypatch.setattr(helpdesk, "traces", fails)
    sweeper.sweep()
    assert len(asked) == many
    for _ in runs:
        sweeper.sweep()
    assert sorted(asked) == ["T-0", "T-1", "T-2"]


def test_a_round_that_takes_long_ends_and_the_next_one_goes_on(
    ledger: SqlLedger,
    helpdesk: WatchedHelpdesk,
    sweeper: Sweeper,
    clock: StillClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        written_with_a_note(ledger, f"T-{number}")
    asked = list[str]()

    async def slowly(ticket: str, **_: object) -> Traces:
        asked.append(ticket)
        clock.at += ROUND_SECONDS
        return Traces()

    monkeypatch.setattr(helpdesk, "traces", slowly)
    for rounds in (1, 2, 3):
        sweeper.sweep()
        assert len(set(asked)) == len(asked) == rounds


def test_whoever_has_not_the_role_looks_at_nothing(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, clock: StillClock
) -> None:
    """It is left as due as it was to whoever has."""
    run = written_with_a_note(ledger, "T-1")
    vault = Vault(b"s" * 32, keep_days=1)
    Sweeper(ledger, helpdesk, vault, clock, is_ours=lambda: False).sweep()
    assert helpdesk.trail == []
    assert [note.sweep_at for note in ledger.writes(run.id)] == [NOON + 60]


@pytest.mark.parametrize(("told", "seconds"), [(7.0, 7.0), (None, 60.0), (3_600.0, 60.0)])
def test_whoever_waits_for_a_limit_comes_when_it_was_told_to(
    ledger: SqlLedger,
    helpdesk: WatchedHelpdesk,
    sweeper: Sweeper,
    clock: StillClock,
    monkeypatch: pytest.MonkeyPatch,
    told: float | None,
    seconds: float,
) -> None:
    run = written_with_a_note(ledger, "T-1")

    async def busy(*_: object, **__: object) -> Traces:
        raise RateLimited("asked too often", retry_after=told)

    monkeypatch.setattr(helpdesk, "traces", busy)
    sweeper.sweep()
    assert [note.sweep_at for note in ledger.writes(run.id)] == [clock.at + seconds]
