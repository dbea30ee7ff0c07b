"""A detour is a value: where the ticket goes instead and why; the journey follows it."""

from dataclasses import FrozenInstanceError, fields
from typing import get_args

import pytest

from tasks.causes import Cause, DropCause, ReviewReason, WaitReason
from tasks.chronicle import of_detour
from tasks.detour import Degrade, Detour, Drop, GiveUp, NeedsHuman, Promote, Wait
from tasks.events import Event, Kind
from tasks.journey import advance, fold
from tasks.run import Run, RunId, State
from tests.twins.clock import NOON

RUN = RunId("R-1")
BEGUN = (
    Event(
        run=RUN,
        seq=1,
        at=NOON,
        kind=Kind.INGESTED,
        body={
            "ticket": "K-1",
            "source": "file:inbox",
            "external_id": "T-1",
            "requester": "hash",
            "revision": 1,
            "tier": "economy",
            "digest": "d",
        },
    ),
    Event(run=RUN, seq=2, at=NOON, kind=Kind.CLAIMED, body={"owner": "W-1", "fence": 1}),
)

DETOURS: tuple[tuple[Detour, State, str | None, int], ...] = (
    # the detour, the state that it leads to, the reason on the status row, attempts spent
    (Wait(until=NOON + 9, reason=WaitReason.RETRY, why="x"), State.WAITING, "retry", 1),
    (
        Wait(until=NOON + 9, reason=WaitReason.RATE, why="x", spends_attempt=False),
        State.WAITING,
        "rate",
        0,
    ),
    (NeedsHuman(reason=ReviewReason.UNSURE, why="x"), State.IN_REVIEW, "unsure", 0),
    (GiveUp(cause=Cause.OFF_LIST, why="x"), State.DEAD, "off_list", 1),
    (Promote(tier="standard", why="x"), State.RUNNING, None, 0),
    (Degrade(tier="economy", why="x"), State.RUNNING, None, 0),
    (Drop(cause=DropCause.GONE, why="x"), State.DROPPED, "gone", 0),
)


def _after(detour: Detour) -> Run:
    run = fold(BEGUN)
    for entry in of_detour(detour, run):
        event = Event(run=RUN, seq=run.seq + 1, at=NOON + 1, kind=entry.kind, body=entry.body)
        run = advance(run, event)
    return run


@pytest.mark.parametrize(("detour", "state", "reason", "attempts"), DETOURS)
def test_the_journey_goes_where_the_detour_says(
    detour: Detour, state: State, reason: str | None, attempts: int
) -> None:
    """Every line of the table: what a stage returns is what becomes of the run."""
    run = _after(detour)
    assert (run.state, run.reason, run.attempts) == (state, reason, attempts)
    assert run.stage == ("classify" if isinstance(detour, Promote | Degrade) else "enrich")


def test_who_waits_for_a_guard_says_for_which_until_it_goes_on() -> None:
    """The reaper finds it by that name."""
    wait = Wait(until=NOON + 9, reason=WaitReason.BREAKER, why="x", waits_for="openai")
    run = _after(wait)
    assert run.waits_for == "openai"
    sent = Event(run=RUN, seq=run.seq + 1, at=NOON + 2, kind=Kind.SENT, body={"send_n": 2})
    assert advance(run, sent).waits_for is None


def test_every_detour_stands_in_the_table() -> None:
    """Who adds one says where it leads."""
    assert {type(detour) for detour, *_ in DETOURS} == set(get_args(Detour))


@pytest.mark.parametrize("detour", [detour for detour, *_ in DETOURS])
def test_a_detour_says_why_and_does_not_change(detour: Detour) -> None:
    """A reason for whoever asks, and nothing to tamper with."""
    assert detour.why
    with pytest.raises(FrozenInstanceError):
        detour.why = "other"  # type: ignore[misc]


def test_a_wait_is_due_when_it_says() -> None:
    """The delay lies in the ledger, and nowhere else."""
    assert _after(DETOURS[0][0]).due_at == NOON + 9


def test_a_promotion_goes_on_in_the_dearer_tier() -> None:
    """At once, with attempts of its own."""
    run = _after(Promote(tier="premium", why="unsure"))
    assert (run.tier, run.attempts) == ("premium", 0)


def test_no_detour_has_a_place_for_text_but_its_reason() -> None:
    """So no quote and no draft can leave a stage by a side door."""
    texts = {
        kind.__name__: {part.name for part in fields(kind) if part.type is str}
        for kind in get_args(Detour)
    }
    assert set().union(*texts.values()) == {"why"}
