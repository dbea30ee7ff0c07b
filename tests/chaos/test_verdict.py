"""The judge has to be red where something is wrong: each invariant, once violated, is named."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.causes import DropCause
from tasks.events import Kind
from tasks.ports.ledger import Intent
from tasks.run import Run, State
from tests.chaos.dossier import dossiers
from tests.chaos.evidence import Records
from tests.chaos.script import CANARY, Family, script
from tests.chaos.verdict import INVARIANTS, judge
from tests.ledgers import ENRICHED, WRITTEN, a_change, an_arrival, claim_all, take_in
from tests.twins.clock import NOON
from worker.helpdesks.shown import MACHINE, ShownChange, ShownNote, ShownTicket
from worker.ledgers.sql import SqlLedger

SEED = 3
NAME = next(
    name
    for number in range(100)
    if (one := script(SEED, number)).family is Family.PLAIN and (name := one.id)
)
FIELD, NOTE = "tf-1:queue", "tf-1:note:draft"
EMPTY = ShownTicket(
    fields=dict.fromkeys(("issue_type", "priority", "queue", "escalated")), notes=(), history=()
)

Tamper = Callable[[Records], None]


@pytest.fixture
def records(ledger: SqlLedger, tmp_path: Path) -> Records:
    """One ticket that was brought, written and found as intended."""
    (run,) = claim_all(ledger, *take_in(ledger, an_arrival(NAME)))
    writes = (
        _intent(run, FIELD, "queue", "payments"),
        _intent(run, NOTE, "note:draft", None),
    )
    change = a_change(run, ENRICHED, WRITTEN, writes=writes)
    assert ledger.commit([change]) == [True]
    (tmp_path / "worker.log").write_text("all is well\n")
    found = Records(seed=SEED, brought=0, ledger=ledger, logs=tmp_path)
    found.runs = [change.after]
    found.events[run.id] = list(ledger.events(run.id))
    found.intents[run.id] = list(writes)
    found.shown[NAME] = replace(
        EMPTY,
        fields={**EMPTY.fields, "queue": "payments"},
        notes=(ShownNote(key=NOTE, author=MACHINE, body="", at=NOON),),
        history=(_step(MACHINE, None, "payments", FIELD),),
    )
    return found


def test_all_is_well(records: Records) -> None:
    assert judge(records) == {name: [] for name in INVARIANTS}


def _intent(run: Run, key: str, target: str, wanted: str | None) -> Intent:
    return Intent(key=key, run=run.id, target=target, before=None, wanted=wanted, outcome="applied")


def _step(author: str, before: str | None, after: str, key: str | None) -> ShownChange:
    return ShownChange(at=NOON, author=author, field="queue", before=before, after=after, key=key)


def _show(records: Records, **changed: object) -> None:
    records.shown[NAME] = replace(records.shown[NAME], **changed)  # type: ignore[arg-type]


def _one_ticket_more(records: Records) -> None:
    records.brought = int(NAME.removeprefix("C-")) + 2


def _left_over(records: Records) -> None:
    records.runs[0] = replace(records.runs[0], state=State.QUEUED)


def _a_note_twice(records: Records) -> None:
    _show(records, notes=records.shown[NAME].notes * 2)


def _a_note_missing(records: Records) -> None:
    _show(records, notes=())


def _never_intended(records: Records) -> None:
    more = ShownNote(key="tf-1:note:other", author=MACHINE, body="", at=NOON)
    _show(records, notes=(*records.shown[NAME].notes, more))


def _handed_over_between(records: Records) -> None:
    """People had it for a while, and then what was meant at first was written after all."""
    run = records.runs[0]
    given = replace(_intent(run, "ho-1:queue", "queue", "triage"), seq=9)
    records.intents[run.id].append(given)
    theirs = _step(MACHINE, None, "triage", "ho-1:queue")
    _show(records, history=(theirs, *records.shown[NAME].history))
    meant = replace(records.events[run.id][-1], kind=Kind.INTENDED, seq=10, body={"keys": [FIELD]})
    records.events[run.id].append(meant)


def _another_value(records: Records) -> None:
    _show(records, fields={**EMPTY.fields, "queue": "cards"})


def _nobody_knows(records: Records) -> None:
    run = records.runs[0].id
    records.intents[run][0] = replace(records.intents[run][0], outcome=None)


def _an_edit_lost(records: Records) -> None:
    theirs = _step("Grace", None, "by hand", None)
    _show(records, history=(theirs, *records.shown[NAME].history))


def _a_gap(records: Records) -> None:
    del records.events[records.runs[0].id][1]


def _another_status(records: Records) -> None:
    records.runs[0] = replace(records.runs[0], micro_usd=1)


def _taken_in_twice(records: Records) -> None:
    records.runs.append(records.runs[0])


def _two_owners(records: Records) -> None:
    events = records.events[records.runs[0].id]
    claimed = next(event for event in events if event.kind is Kind.CLAIMED)
    events.insert(events.index(claimed), claimed)


def _dead_without_a_word(records: Records) -> None:
    records.runs[0] = replace(records.runs[0], state=State.DEAD)


def _a_word_in_a_log(records: Records) -> None:
    (records.logs / "worker.log").write_text(f"he said {CANARY}")


def _another_end(records: Records) -> None:
    records.runs[0] = replace(
        records.runs[0], state=State.DROPPED, reason=DropCause.GONE, why="closed"
    )


VIOLATIONS: dict[Tamper, str] = {
    _one_ticket_more: "I1",
    _left_over: "I1",
    _a_note_twice: "I2",
    _a_note_missing: "I2",
    _never_intended: "I2",
    _another_value: "I2",
    _nobody_knows: "I2",
    _an_edit_lost: "I3",
    _a_gap: "I4",
    _another_status: "I4",
    _taken_in_twice: "I5",
    _two_owners: "I9",
    _dead_without_a_word: "I11",
    _a_word_in_a_log: "I12",
    _another_end: "I13",
}


@pytest.mark.parametrize(
    ("tamper", "violated"), VIOLATIONS.items(), ids=[one.__name__ for one in VIOLATIONS]
)
def test_a_violation_is_named(records: Records, tamper: Tamper, violated: str) -> None:
    tamper(records)
    assert judge(records)[violated]


def test_of_what_was_meant_for_a_field_the_last_counts(records: Records) -> None:
    _handed_over_between(records)
    assert judge(records)["I2"] == []
    records.events[records.runs[0].id].pop()
    assert judge(records)["I2"]


def test_a_dead_letter_that_was_handed_over_since_has_its_cause_all_the_same(
    records: Records,
) -> None:
    run = records.runs[0]
    records.runs[0] = replace(run, state=State.DEAD, reason="bug", why="it broke")
    last = records.events[run.id][-1]
    records.events[run.id] += [replace(last, kind=k) for k in (Kind.BURIED, Kind.HANDED_OVER)]
    assert judge(records)["I11"] == []


def test_whom_a_violation_names_is_described(records: Records) -> None:
    """The ledger is gone by the time that somebody looks into it."""
    found = dossiers(records, {"I1": [f"{NAME} is left over"], "I8": ["openai: opened at 17.0"]})
    written = json.loads(json.dumps(found))
    assert [*written] == [NAME]
    assert [key for key, _ in written[NAME]["notes"]] == [NOTE]
    assert [*dossiers(records, {"I2": [f"{NOTE} of {records.runs[0].id} is gone"]})] == [NAME]
    assert [kind for _, _, kind, _ in written[NAME]["events"]][-1] == Kind.WRITTEN
    assert dossiers(records, {"I8": ["openai: opened at 1700000000.0 when"]}) == {
        "openai 1700000000.0": []
    }
