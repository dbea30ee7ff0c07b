"""Breakers that are shared in memory, by the clock of whoever asks; as Redis does it, in Python."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tasks.ports.clock import Clock
from worker.guards.shared import Heard, Lease, Record, SharedAway, Told

EPOCH = 10**12


@dataclass(kw_only=True)
class _Kept:
    record: Record
    at: float
    counts: dict[int, list[int]] = field(default_factory=dict)
    last: str = ""


@dataclass(kw_only=True)
class MemoryShared:
    """Keeps the promise of worker.guards.shared.Shared, in one process."""

    clock: Clock
    is_away: bool = False
    _kept: dict[str, _Kept] = field(default_factory=dict)
    _leases: dict[str, tuple[str, float]] = field(default_factory=dict)

    def flush(self) -> None:
        """Forgets everything."""
        self._kept.clear()
        self._leases.clear()

    def names(self) -> Sequence[str]:
        self._answer()
        return sorted(self._kept)

    def sync(self, told: Sequence[Told]) -> Sequence[Heard]:
        self._answer()
        return [self._hear(one) for one in told]

    def lease(self, name: str, generation: int, wanted: Lease) -> float | None:
        self._answer()
        kept = self._kept.get(name)
        if not kept or (kept.record.generation, kept.record.state) != (generation, "open"):
            return -1.0
        wait = max(self._now(kept).due_in, self._held(name))
        if wait > 0:
            return wait
        self._leases[name] = (wanted.token, self.clock.monotonic() + wanted.seconds)
        return None

    def _answer(self) -> None:
        if self.is_away:
            raise SharedAway("as the test wants it")

    def _hear(self, told: Told) -> Heard:
        kept = self._kept.get(told.name)
        counts = kept is None or (
            kept.record.state == "closed" and told.counted_in in (0, kept.record.generation)
        )
        took = kept is None
        if kept is None:
            kept = self._store(told, {})
        if counts:
            self._count(told, kept)
        if told.heard >= kept.record.generation < told.record.generation:
            emptied = told.record.state == "closed"
            last = "" if emptied else kept.last
            kept, took = self._store(told, {} if emptied else kept.counts), True
            kept.last = last
            self._leases.pop(told.name, None)
        if took and not counts and told.counted_in == told.record.generation:
            self._count(told, kept)
        self._kept[told.name] = kept
        self._lease(told, kept)
        oldest = self.clock.monotonic() - told.window
        fresh = [tally for at, tally in kept.counts.items() if at >= oldest]
        return Heard(
            record=self._now(kept),
            took=took,
            successes=sum(good for good, _ in fresh),
            failures=sum(bad for _, bad in fresh),
            last=kept.last,
            probe_in=self._held(told.name),
        )

    def _count(self, told: Told, kept: _Kept) -> None:
        for ago, good, bad in told.counts:
            tally = kept.counts.setdefault(int(self.clock.monotonic() - ago), [0, 0])
            tally[0] += good
            tally[1] += bad
        kept.last = (kept.last + told.last)[-told.most :]

    def _lease(self, told: Told, kept: _Kept) -> None:
        now = self.clock.monotonic()
        if told.back and self._leases.get(told.name, ("", 0.0))[0] == told.back.token:
            del self._leases[told.name]
            kept.record = replace(self._now(kept), due_in=told.back.seconds)
            kept.at = now
        if told.probe is None or kept.record.state != "open":
            return
        if not self._held(told.name) or self._leases[told.name][0] == told.probe.token:
            self._leases[told.name] = (told.probe.token, now + told.probe.seconds)

    def _store(self, told: Told, counts: dict[int, list[int]]) -> _Kept:
        generation = told.record.generation
        if generation < EPOCH:
            generation += int(self.clock.monotonic() * 1000)
        record = replace(told.record, generation=generation)
        return _Kept(record=record, at=self.clock.monotonic(), counts=counts)

    def _now(self, kept: _Kept) -> Record:
        passed = self.clock.monotonic() - kept.at
        ago = kept.record.closed_ago
        return replace(
            kept.record,
            due_in=max(0.0, kept.record.due_in - passed),
            closed_ago=None if ago is None else ago + passed,
        )

    def _held(self, name: str) -> float:
        return max(0.0, self._leases.get(name, ("", 0.0))[1] - self.clock.monotonic())
