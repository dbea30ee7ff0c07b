"""Watches the other workers' heartbeats and says whose life is over."""

from collections.abc import Sequence
from pathlib import Path

from tasks.ports.clock import Clock
from tasks.ports.ledger import WorkerRow
from tasks.run import Incarnation
from worker.upkeep.incarnation import has_ended


class Observer:
    """A life has lapsed when its counter stood still for `lapse` seconds of our own clock.

    Only our own monotonic clock counts, and only while our own heartbeats get through: a ledger
    that is away makes nobody dead. Nor does our own absence: between two looks no more than half
    of `lapse` is counted, so that one that was frozen looks again. On this machine the kernel
    tells at once.
    """

    def __init__(self, locks: Path, clock: Clock, *, lapse: float) -> None:
        self._locks = locks
        self._clock = clock
        self._lapse = lapse
        self._looked_at = clock.monotonic()
        self._still: dict[Incarnation, tuple[int, float]] = {}  # the counter; for how many seconds

    def lapsed(self, workers: Sequence[WorkerRow], *, steady_seconds: float) -> list[Incarnation]:
        """Those of `workers` whose life is over. Call it regularly: it compares with last time."""
        now = self._clock.monotonic()
        passed = min(now - self._looked_at, self._lapse / 2)
        self._looked_at = now
        self._still = {w.incarnation: (w.beat, self._stood_still(w, passed)) for w in workers}
        return [
            worker.incarnation
            for worker in workers
            if has_ended(self._locks, worker.incarnation)
            or min(self._still[worker.incarnation][1], steady_seconds) >= self._lapse
        ]

    def _stood_still(self, worker: WorkerRow, passed: float) -> float:
        beat, still = self._still.get(worker.incarnation, (None, 0.0))
        return still + passed if beat == worker.beat else 0.0
