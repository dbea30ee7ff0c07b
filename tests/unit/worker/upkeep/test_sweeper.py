"""A second note of one key is found, written down, and looked for no more."""

import asyncio
from dataclasses import replace

import pytest

from config.mode import Mode
from tasks.errors import HelpdeskDown
from tasks.events import Kind
from tasks.ports.helpdesk import Traces
from tasks.ports.ledger import Intent, Source
from tasks.run import Run
from tasks.ticket import ExternalId
from tests.ledgers import (
    ENRICHED,
    a_change,
    an_arrival,
    claim_all,
    take_in,
    written_with_a_note,
)
from tests.twins.clock import NOON, StillClock
from tests.twins.helpdesk import WatchedHelpdesk
from worker.alerts.reading import read_held_edits
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger
from worker.upkeep.sweeper import HELD_SECONDS, LATER_SECONDS, Sweeper

T1 = ExternalId("T-1")
KEY = "tf-1:note:draft"


@pytest.fixture
def run(ledger: SqlLedger) -> Run:
    """Written, with a note that may have been sent by two."""
    return written_with_a_note(ledger, "T-1", KEY)


def _held_edits(ledger: SqlLedger) -> tuple[str, ...]:
    """The tickets that the alert `edits held` names."""
    with reading(ledger.engine) as connection:
        return read_held_edits(connection)


def _post(helpdesk: WatchedHelpdesk) -> None:
    asyncio.run(helpdesk.post_note(T1, "A draft", key=KEY))


def _told(ledger: SqlLedger, run: Run) -> list[object]:
    return [e.body["count"] for e in ledger.events(run.id) if e.kind is Kind.TWINS]


def _left(ledger: SqlLedger, run: Run) -> float | None:
    (note,) = ledger.writes(run.id)
    return note.sweep_at


def test_twins_are_written_down(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, run: Run
) -> None:
    _post(helpdesk)
    _post(helpdesk)
    sweeper.sweep()
    sweeper.sweep()
    assert _told(ledger, run) == [2]
    assert _left(ledger, run) is None


def test_a_note_that_is_there_once_is_no_news(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, run: Run
) -> None:
    _post(helpdesk)
    sweeper.sweep()
    assert _told(ledger, run) == []
    assert _left(ledger, run) is None


def test_nobody_looks_before_its_time(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, clock: StillClock, run: Run
) -> None:
    clock.at -= 1
    sweeper.sweep()
    assert _left(ledger, run) == NOON + 60
    assert helpdesk.trail == []


def test_what_a_wrong_clock_has_put_off_is_looked_for_a_minute_later(
    sweeper: Sweeper,
    ledger: SqlLedger,
    helpdesk: WatchedHelpdesk,
    clock: StillClock,
    run: Run,
) -> None:
    ledger.swept(KEY, clock.now() + 3_660)
    _post(helpdesk)
    _post(helpdesk)
    sweeper.sweep()
    assert Kind.TWINS not in [event.kind for event in ledger.events(run.id)]
    clock.at += LATER_SECONDS
    sweeper.sweep()
    assert ledger.events(run.id)[-1].kind is Kind.TWINS


def test_a_helpdesk_that_is_away_is_asked_later(
    ledger: SqlLedger,
    helpdesk: WatchedHelpdesk,
    sweeper: Sweeper,
    clock: StillClock,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def away(*_: object, **__: object) -> Traces:
        raise HelpdeskDown("away")

    monkeypatch.setattr(helpdesk, "traces", away)
    sweeper.sweep()
    assert _left(ledger, run) == clock.at + LATER_SECONDS


def test_whoever_has_lost_a_run_has_its_notes_looked_for(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, run: Run
) -> None:
    """It may have sent one after somebody else had."""
    sweeper.sweep()
    ledger.sweep_from(run.id, NOON)
    _post(helpdesk)
    _post(helpdesk)
    sweeper.sweep()
    assert _told(ledger, run) == [2]


def test_what_nobody_has_confirmed_yet_is_left_for_later(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper
) -> None:
    (run,) = claim_all(ledger, *take_in(ledger, an_arrival("T-2")))
    note = Intent(key=KEY, run=run.id, target="note:draft", before=None, wanted=None)
    ledger.commit([a_change(run, ENRICHED, writes=(replace(note, sweep_at=NOON),))])
    sweeper.sweep()
    assert helpdesk.trail == []


def _field(ledger: SqlLedger, run: Run) -> Run:
    """The run has set the queue as well, and has come to rest."""
    queue = Intent(
        key="tf-1:queue",
        run=run.id,
        target="queue",
        before="inbox",
        wanted="fraud",
        outcome="applied",
        sweep_at=NOON + 60,
    )
    rested = ledger.run(run.id)
    assert rested
    change = a_change(rested, (Kind.RELEASED, {}), writes=(queue,))
    assert ledger.commit([change]) == [True]
    return change.after


def _overwritten(helpdesk: WatchedHelpdesk) -> None:
    """A person was quicker, and ours has won."""
    helpdesk.edit(T1, "queue", "vip", "ada")
    asyncio.run(helpdesk.set_fields(T1, {"queue": "fraud"}, key="tf-1", version="0"))


def test_a_persons_choice_that_showed_only_later_is_put_back(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, run: Run
) -> None:
    _field(ledger, run)
    _overwritten(helpdesk)
    sweeper.sweep()
    sweeper.sweep()
    assert helpdesk.values()["queue"] == "vip"
    kinds = [event.kind for event in ledger.events(run.id)]
    assert kinds[-2:] == [Kind.INTENDED, Kind.GIVEN_BACK]
    outcomes = {write.key: write.outcome for write in ledger.writes(run.id)}
    assert outcomes["tf-1:queue"] == "kept"
    assert outcomes["tf-1-back:queue"] == "applied"


def test_a_persons_later_choice_is_left_alone(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, run: Run
) -> None:
    _field(ledger, run)
    _overwritten(helpdesk)
    helpdesk.edit(T1, "queue", "gold", "ada")
    sweeper.sweep()
    assert helpdesk.values()["queue"] == "gold"
    assert Kind.GIVEN_BACK not in {event.kind for event in ledger.events(run.id)}
    assert {write.outcome for write in ledger.writes(run.id)} == {"applied"}


def _said(mode: Mode) -> Source:
    return Source(name="file:inbox", mode=mode, per_hour=None, since=NOON, by="ada", why="alarm")


def test_where_a_source_only_suggests_a_persons_choice_is_put_back(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, run: Run
) -> None:
    """It mends what we did while that was allowed: no value of ours is set by it."""
    _field(ledger, run)
    _overwritten(helpdesk)
    ledger.set_source(_said(Mode.SUGGEST))
    sweeper.sweep()
    assert helpdesk.values()["queue"] == "vip"


def test_in_shadow_nothing_is_put_back_until_that_is_over(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, clock: StillClock, run: Run
) -> None:
    """It is told once, stays in sight, and waits."""
    _field(ledger, run)
    _overwritten(helpdesk)
    ledger.set_source(_said(Mode.SHADOW))
    for _ in range(3):
        helpdesk.keys.clear()
        sweeper.sweep()
        clock.at += HELD_SECONDS
        assert (helpdesk.values()["queue"], helpdesk.keys) == ("fraud", [])
        assert _held_edits(ledger) == ("T-1",)
    told = [event.body for event in ledger.events(run.id) if event.kind is Kind.OVERWRITTEN]
    assert told == [{"keys": ["tf-1:queue"]}]
    ledger.set_source(_said(Mode.SUGGEST))
    sweeper.sweep()
    assert helpdesk.values()["queue"] == "vip"
    assert _held_edits(ledger) == ()


def test_what_people_have_mended_themselves_is_held_no_more(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper, clock: StillClock, run: Run
) -> None:
    _field(ledger, run)
    _overwritten(helpdesk)
    ledger.set_source(_said(Mode.SHADOW))
    sweeper.sweep()
    helpdesk.edit(T1, "queue", "gold", "ada")
    clock.at += HELD_SECONDS
    sweeper.sweep()
    assert _held_edits(ledger) == ()
    assert all(write.sweep_at is None for write in ledger.writes(run.id))


def test_a_run_that_somebody_has_is_looked_at_later(
    ledger: SqlLedger, helpdesk: WatchedHelpdesk, sweeper: Sweeper
) -> None:
    """Whoever has it would lose it."""
    (running,) = claim_all(ledger, *take_in(ledger, an_arrival("T-1")))
    _field(ledger, running)
    _overwritten(helpdesk)
    sweeper.sweep()
    assert helpdesk.values()["queue"] == "fraud"
