"""The notebook: what was recorded is durable, and the run stands where the notebook says."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.chronicle import Entry
from tasks.events import Body, Kind
from tasks.journey import fold
from tasks.ports.ledger import Intent
from tasks.run import Run, State
from tests.contracts.journeys import VALIDATED
from tests.ledgers import (
    ENRICHED,
    WAITING,
    WRITTEN,
    a_change,
    a_running,
    an_arrival,
    claim_all,
    move,
    sent,
    take_in,
)
from tests.moneyed import asking, cap, stands
from tests.twins.clock import NOON, StillClock
from tests.twins.ledger import FaultyLedger
from tests.twins.ticket import a_ticket
from worker.carrying.group_writer import GroupWriter
from worker.carrying.notebook import Notebook, change_of
from worker.ledgers.engine import connect
from worker.ledgers.errors import RunLost
from worker.privacy.vault import Vault

VAULT = Vault(b"the fleet's secret key, 32 bytes", keep_days=90)
KEY = VAULT.new_key("ada")
CLOCK = StillClock()


@pytest.fixture
def ledger(migrated_sqlite: Path, tmp_path: Path) -> Iterator[FaultyLedger]:
    """A ledger that can be made to wait."""
    path = shutil.copyfile(migrated_sqlite, tmp_path / "ledger.db")
    opened = FaultyLedger(connect(f"sqlite:///{path}"))
    opened.prepare()
    yield opened
    opened.close()


@pytest.fixture
def run(ledger: FaultyLedger) -> Run:
    """A run that is being worked on."""
    found = a_running(ledger)
    ledger.entered.clear()
    return found


@pytest.fixture
def notebook(ledger: FaultyLedger, run: Run) -> Iterator[Notebook]:
    """Its journal."""
    writer = GroupWriter(ledger, CLOCK, rows=64, seconds=0.0)
    writer.start()
    yield Notebook(run, KEY, ledger=ledger, writer=writer, vault=VAULT, clock=CLOCK)
    writer.stop()


def _entry(happening: tuple[Kind, object]) -> Entry:
    kind, body = happening
    return Entry(kind=kind, body=body)  # type: ignore[arg-type]


def test_what_is_recorded_is_durable_with_its_texts_and_writes(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    write = Intent(key="k", run=run.id, target="queue", before=None, wanted="cards")
    kind, body = ENRICHED
    asyncio.run(notebook.record(kind, body, texts={"facts": "\ud800 plus"}, writes=(write,)))
    assert notebook.run == ledger.run(run.id) == fold(ledger.events(run.id))
    assert (notebook.run.seq, notebook.run.stage) == (3, "classify")
    (sealed,) = ledger.bodies(run.id, ["facts.3"])
    assert VAULT.open(sealed, KEY) == "\ud800 plus"
    assert list(ledger.writes(run.id)) == [replace(write, seq=3)]


LET_GO = {
    "taken over": ((Kind.LAPSED, {"owner": "W-0"}), (Kind.SENT, {"send_n": 3})),
    "suspected": ((Kind.SUSPECTED, {}),),
}


@pytest.mark.parametrize("ends", LET_GO.values(), ids=LET_GO.keys())
def test_what_another_process_may_have_sent_is_known(
    ledger: FaultyLedger, run: Run, notebook: Notebook, ends: tuple[tuple[Kind, Body], ...]
) -> None:
    """Whether its worker has died, or the process that it was carried in beside other suspects."""
    again = move(ledger, run, (Kind.LAPSED, {"owner": "W-0"}), (Kind.SENT, {"send_n": 2}))
    (held,) = claim_all(ledger, again)
    write = Intent(key="k", run=run.id, target="queue", before=None, wanted="cards")
    meant = a_change(held, (Kind.INTENDED, {"keys": ["k"]}), *ends, writes=(write,))
    assert ledger.commit([meant]) == [True]
    left = meant.after
    now = claim_all(ledger, left)[0] if left.state is State.QUEUED else left
    writer = notebook._writer  # noqa: SLF001 - the fixture's, which runs
    successor = Notebook(now, KEY, ledger=ledger, writer=writer, vault=VAULT, clock=CLOCK)
    past = asyncio.run(successor.past())
    assert past.own == (write,)
    assert past.sent_until == meant.events[1].at


def test_the_requesters_earlier_tickets_come_with_what_was_said(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    """Nothing can be read with the key of somebody who was forgotten since and has a new one."""
    key = VAULT.new_key(run.requester)
    told = a_ticket("It was charged twice")
    arrival = an_arrival("T-old")
    body = VAULT.seal(told.model_dump_json(), run=arrival.run, name="ticket", key=key, at=NOON)
    [old] = take_in(ledger, replace(arrival, bodies=(body,)))
    move(ledger, claim_all(ledger, old)[0], VALIDATED, WRITTEN)
    [now] = take_in(ledger, an_arrival("T-now"))
    writer = notebook._writer  # noqa: SLF001 - the fixture's, which runs
    for held, text in ((key, told), (VAULT.new_key(run.requester), None), (None, None)):
        book = Notebook(now, held, ledger=ledger, writer=writer, vault=VAULT, clock=CLOCK)
        [found] = asyncio.run(book.earlier(3))
        assert (found.thread, found.ticket) == (old.ticket, text)
        assert found.line.notes is None


def test_entries_go_in_together(ledger: FaultyLedger, notebook: Notebook, run: Run) -> None:
    ledger.groups.clear()
    kind, body = sent(run)
    entries = (replace(_entry(ENRICHED), texts={"facts": "x"}), Entry(kind=kind, body=body))
    after = asyncio.run(notebook.enter(*entries))
    assert after == notebook.run == ledger.run(run.id)
    assert (after.state, after.seq, after.send_n) == (State.QUEUED, 4, 2)
    assert ledger.groups == [1]


def test_whoever_has_lost_the_run_hears_it_and_records_nothing(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    moved = move(ledger, run, WAITING)
    with pytest.raises(RunLost, match=run.id):
        asyncio.run(notebook.enter(_entry(ENRICHED)))
    assert notebook.run == run
    assert ledger.run(run.id) == moved


async def _cancelled_in_its_turn(ledger: FaultyLedger, notebook: Notebook) -> None:
    ledger.gate.clear()
    entering = asyncio.create_task(notebook.enter(_entry(ENRICHED)))
    await asyncio.to_thread(ledger.entered.wait)
    entering.cancel()
    ledger.gate.set()
    await entering


def test_whoever_is_cancelled_in_the_middle_knows_where_the_run_stands(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    """Else it could not be put back: a release that does not know of the commit is refused."""

    async def cancel_then_release() -> Run:
        with pytest.raises(asyncio.CancelledError):
            await _cancelled_in_its_turn(ledger, notebook)
        assert notebook.run == ledger.run(run.id)
        assert notebook.run.stage == "classify"
        kind, body = sent(notebook.run)
        return await notebook.enter(Entry(kind=kind, body=body))

    released = asyncio.run(cancel_then_release())
    assert released.state is State.QUEUED
    assert released == ledger.run(run.id)


def test_whoever_is_cancelled_in_the_middle_and_has_lost_the_run_hears_that(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    move(ledger, run, WAITING)
    ledger.entered.clear()
    with pytest.raises(RunLost):
        asyncio.run(_cancelled_in_its_turn(ledger, notebook))


def test_money_is_reserved_with_the_entry_that_asks_for_it(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    kind, body = asking(300)
    assert asyncio.run(notebook.reserve(kind, body, texts={"question": "which rate?"}))
    assert notebook.run == ledger.run(run.id)
    assert notebook.run.reserved == 300
    assert stands(ledger) == (300, 0)
    assert [one.name for one in ledger.bodies(run.id, ["question.3"])] == ["question.3"]


def test_money_that_does_not_fit_is_said_and_nothing_is_recorded(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    cap(ledger, "economy", 299)
    assert not asyncio.run(notebook.reserve(*asking(300)))
    assert notebook.run == ledger.run(run.id) == run


def test_whoever_has_lost_the_run_reserves_nothing(
    ledger: FaultyLedger, notebook: Notebook, run: Run
) -> None:
    move(ledger, run, WAITING)
    with pytest.raises(RunLost, match=run.id):
        asyncio.run(notebook.reserve(*asking(300)))
    assert stands(ledger) == (0, 0)


@pytest.mark.parametrize("fits", [True, False])
def test_whoever_is_cancelled_while_it_reserves_knows_where_the_run_stands(
    ledger: FaultyLedger, notebook: Notebook, run: Run, *, fits: bool
) -> None:
    """What is released then is charged in full where it was reserved, and not where it was not."""
    cap(ledger, "economy", 300 if fits else 299)

    async def cancel_then_release() -> Run:
        ledger.gate.clear()
        ledger.entered.clear()
        reserving = asyncio.create_task(notebook.reserve(*asking(300)))
        await asyncio.to_thread(ledger.entered.wait)
        reserving.cancel()
        ledger.gate.set()
        with pytest.raises(asyncio.CancelledError):
            await reserving
        assert notebook.run == ledger.run(run.id)
        kind, body = sent(notebook.run)
        return await notebook.enter(Entry(kind=kind, body=body))

    assert asyncio.run(cancel_then_release()).micro_usd == (300 if fits else 0)
    assert stands(ledger) == (0, 300 if fits else 0)


def test_texts_of_a_forgotten_requester_are_left_out(run: Run) -> None:
    entry = replace(_entry(ENRICHED), texts={"facts": "plus"})
    change = change_of(run, (entry,), None, vault=VAULT, clock=CLOCK)
    assert change.bodies == ()
    assert [event.kind for event in change.events] == [Kind.ENRICHED]


def test_a_change_is_dense_and_follows_the_journey(run: Run) -> None:
    failed = Entry(kind=Kind.FAILED, body={"stage": "enrich", "why": "away"})
    entries = (failed, replace(failed, texts={"traceback": "t"}), _entry(WAITING))
    change = change_of(run, entries, KEY, vault=VAULT, clock=CLOCK)
    assert [event.seq for event in change.events] == [3, 4, 5]
    assert {event.at for event in change.events} == {NOON}
    assert [body.name for body in change.bodies] == ["traceback.4"]
    assert (change.before, change.after.attempts, change.after.state) == (run, 2, State.WAITING)
