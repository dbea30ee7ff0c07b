"""What models are calibrated by, on either database."""

import asyncio
from collections.abc import Sequence

import pytest

from tasks.errors import LedgerDown
from tasks.events import Kind
from tasks.run import RunId
from tests.ledgers import a_running, move
from tests.twins.clock import NOON, StillClock
from worker.ledgers.labelling import How, Label
from worker.ledgers.sql import SqlLedger
from worker.measuring import EVERY, LedgerMeasures, checks, learnt
from worker.telemetry.log import Log

MODEL = "openai/gpt-5-mini"
TOLERATED = 0.02


def _answered(ledger: SqlLedger, score: float | None = 0.9) -> RunId:
    """A run that a model has decided."""
    measured = {} if score is None else {"tokens": score}
    body = {"issue_type": "card", "priority": 3, "model": MODEL, "measured": measured}
    return move(ledger, a_running(ledger), (Kind.CLASSIFIED, body)).id


def _label(run: RunId, how: How = How.REVIEW, truth: str = "card", at: float = NOON) -> Label:
    return Label(run=run, field="issue_type", how=how, said="card", truth=truth, by="ada", at=at)


def _runs(ledger: SqlLedger, count: int, score: float | None = 0.9) -> Sequence[RunId]:
    return [_answered(ledger, score) for _ in range(count)]


def test_at_29_labels_there_is_no_number_and_at_30_there_is(ledger: SqlLedger) -> None:
    runs = _runs(ledger, 30)
    ledger.label([_label(run) for run in runs[:29]])
    assert learnt(ledger, TOLERATED) == {}
    ledger.label([_label(runs[29])])
    found = learnt(ledger, TOLERATED)[MODEL]
    assert found.keys() == {"issue_type"}
    assert found["issue_type"].checked == 30
    assert 0.9 < found["issue_type"].confidence(0.9) < 1


def test_what_was_wrong_makes_it_less_sure(ledger: SqlLedger) -> None:
    runs = _runs(ledger, 40)
    ledger.label([_label(run) for run in runs[:20]])
    ledger.label([_label(run, How.CORRECTION, truth="cash") for run in runs[20:]])
    assert 0.4 < learnt(ledger, TOLERATED)[MODEL]["issue_type"].confidence(0.9) < 0.6


def test_every_second_audit_is_kept_to_check_with(ledger: SqlLedger) -> None:
    """Calibrated on nothing that is later used to check it."""
    runs = _runs(ledger, 120)
    ledger.label([_label(run, How.AUDIT) for run in runs])
    kept = sum(checks(run) for run in runs)
    assert 30 < kept < 90
    assert learnt(ledger, TOLERATED)[MODEL]["issue_type"].checked == 120 - kept


def test_an_audit_says_more_than_a_correction(ledger: SqlLedger) -> None:
    """Of one field of one run, one label counts."""
    runs = [run for run in _runs(ledger, 100) if not checks(run)][:35]
    ledger.label([_label(run, How.CORRECTION, truth="cash") for run in runs])
    ledger.label([_label(run, How.AUDIT, at=NOON - 1) for run in runs])
    found = learnt(ledger, TOLERATED)[MODEL]["issue_type"]
    assert found.checked == 35
    assert found.confidence(0.9) > 0.9


def test_answers_without_a_signal_calibrate_nothing(ledger: SqlLedger) -> None:
    ledger.label([_label(run) for run in _runs(ledger, 35, score=None)])
    assert learnt(ledger, TOLERATED) == {}


def test_a_worker_reads_it_anew_after_a_while(ledger: SqlLedger) -> None:
    clock = StillClock()
    measures = LedgerMeasures(ledger=ledger, clock=clock, tolerated=TOLERATED, log=Log("x"))
    assert asyncio.run(measures.of(MODEL)) == {}
    ledger.label([_label(run) for run in _runs(ledger, 30)])
    assert asyncio.run(measures.of(MODEL)) == {}
    clock.at += EVERY + 1
    assert asyncio.run(measures.of(MODEL)).keys() == {"issue_type"}


def test_a_ledger_that_is_away_leaves_what_was_known(
    ledger: SqlLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StillClock()
    measures = LedgerMeasures(ledger=ledger, clock=clock, tolerated=TOLERATED, log=Log("x"))
    ledger.label([_label(run) for run in _runs(ledger, 30)])
    assert asyncio.run(measures.of(MODEL)).keys() == {"issue_type"}

    def away(*_: object) -> Sequence[Label]:
        raise LedgerDown("as the test wants it")

    monkeypatch.setattr(ledger, "labels", away)
    clock.at += EVERY + 1
    assert asyncio.run(measures.of(MODEL)).keys() == {"issue_type"}
