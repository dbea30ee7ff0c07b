"""What people said of earlier answers, as calibrations of the models that gave them."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tasks.confidence import Calibration, Checked, calibrate
from tasks.errors import LedgerDown
from tasks.ports.clock import Clock
from tasks.run import RunId
from worker.ledgers.labelling import How, Label
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log

EVERY = 30.0
"""Seconds for which what was read is good."""

MOST = 5_000
"""The newest labels that are read; older ones are of another time."""

FIELDS = ("issue_type", "priority")
BELIEVED = (How.CORRECTION, How.REVIEW, How.AUDIT)
"""The later the better: an audit did not see the answer."""

Learnt = Mapping[str, Mapping[str, Calibration]]
"""By model and field."""


@dataclass(kw_only=True)
class LedgerMeasures:
    """Implements Measures over the labels in the ledger. For one event loop."""

    ledger: SqlLedger
    clock: Clock
    tolerated: float
    log: Log
    _learnt: Learnt = field(default_factory=dict[str, Mapping[str, Calibration]])
    _read_at: float | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, model: str) -> Mapping[str, Calibration]:
        async with self._turn:
            now = self.clock.monotonic()
            if self._read_at is None or now - self._read_at > EVERY:
                await self._read()
                self._read_at = now
        return self._learnt.get(model, {})

    async def _read(self) -> None:
        """What cannot be read now stays as it was."""
        try:
            self._learnt = await asyncio.to_thread(learnt, self.ledger, self.tolerated)
        except LedgerDown as down:
            self.log.warning("measures.unread", why=str(down))


def learnt(ledger: SqlLedger, tolerated: float) -> Learnt:
    """By model and field, as the ledger stands. Raises LedgerDown."""
    found: dict[str, dict[str, Calibration]] = defaultdict(dict)
    for (model, name), answers in checked(ledger).items():
        if calibration := calibrate(answers, tolerated):
            found[model][name] = calibration
    return found


def checked(ledger: SqlLedger) -> Mapping[tuple[str, str], Sequence[Checked]]:
    """Answers that people have checked and that have a score, by model and field."""
    labels = [one for one in ledger.labels()[-MOST:] if one.field in FIELDS and one.said]
    best = _best([one for one in labels if calibrates(one)])
    scored = ledger.scores([one.run for one in best])
    pairs: dict[tuple[str, str], list[Checked]] = defaultdict(list)
    for one in best:
        model, score = scored.get(one.run, ("", None))
        if score is not None:
            pairs[model, one.field].append((score, one.is_right))
    return pairs


def calibrates(label: Label) -> bool:
    """Whether models are calibrated by it: every second audit is kept to check that with."""
    return label.how is not How.AUDIT or not checks(label.run)


def checks(run: RunId) -> bool:
    """Whether an audit of that run is kept apart, to check calibrations with."""
    return hashlib.sha256(run.encode()).digest()[0] % 2 == 0


def _best(labels: Sequence[Label]) -> Sequence[Label]:
    """One of each run and field: the one that says most."""
    found: dict[tuple[RunId, str], Label] = {}
    for one in labels:
        known = found.get((one.run, one.field))
        if known is None or BELIEVED.index(one.how) >= BELIEVED.index(known.how):
            found[one.run, one.field] = one
    return list(found.values())
