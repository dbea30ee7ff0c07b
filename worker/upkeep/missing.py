"""Finds what is queued in the ledger and nowhere on the broker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from config.settings import Reaper as Limits
from config.tiers import TIERS, TierName
from tasks.ports.clock import Clock
from tasks.run import Run, RunId
from worker.broker.queues import Broker
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log


@dataclass(kw_only=True, slots=True)
class _Recount:
    """A comparison, run by run, with a broker that began anew: under way, a part a sweep."""

    before: float  # what was sent later is judged by the usual signs
    held: set[tuple[RunId, int]]
    tiers: list[TierName] = field(default_factory=lambda: list(TIERS))  # still to be gone through
    last: Run | None = None


class Missing:
    """Tells what has to be sent again.

    A broker without our mark has lost its memory at some time that nobody knows; what has been
    sent since is there. So it is compared with the ledger hint by hint: to send everything again
    would put the whole backlog behind as many messages that are out of date. At any other time two
    signs are looked for: an empty queue, and how old the message is that is next.
    """

    def __init__(self, ledger: SqlLedger, broker: Broker, clock: Clock, *, limits: Limits) -> None:
        self._ledger = ledger
        self._broker = broker
        self._clock = clock
        self._limits = limits
        self._recount: _Recount | None = None
        self._watched: dict[TierName, dict[tuple[RunId, int], float]] = {}
        self._looked_at: dict[TierName, float] = {}
        self._planned: list[tuple[float, float]] = []  # recounts to come: when; sent before when
        self._log = Log("reaper")

    def batches(self) -> Iterator[Sequence[Run]]:
        """What is missing as far as one sweep goes; each batch is to be sent before the next.

        Raises LedgerDown and BrokerDown; what was not found is found by a later sweep.
        """
        self._look_for_mark()
        if self._recount is None and self._planned and self._planned[0][0] <= self._clock.now():
            _, before = self._planned.pop(0)
            self._recount = _Recount(before=before, held=self._broker.held())
        if self._recount:
            yield from self._recounted(self._recount)
        else:
            yield from self._overdue()

    def _look_for_mark(self) -> None:
        """Plans two recounts: who commits a sending may be about to push it for a moment yet."""
        now, grace = self._clock.now(), self._limits.queued_seconds
        if self._broker.set_epoch(str(now)):
            self._recount = None
            self._planned = [(now, now - grace), (now + grace, now)]
            self._log.warning("broker.empty", remedy="it is compared with the ledger")

    def _recounted(self, recount: _Recount) -> Iterator[Sequence[Run]]:
        for _ in range(BATCHES):
            if not recount.tiers:
                self._recount = None
                return
            found = self._ledger.queued(
                recount.tiers[0], recount.before, self._limits.batch, after=recount.last
            )
            if lost := [run for run in found if (run.id, run.send_n) not in recount.held]:
                yield lost
            if found:
                recount.last = found[-1]
            else:
                recount.tiers.pop(0)
                recount.last = None

    def _overdue(self) -> Iterator[Sequence[Run]]:
        depths = self._broker.depths()
        for tier in TIERS:
            if depths[tier]:
                self._watched.pop(tier, None)
                yield from self._behind(tier)
            else:
                yield self._beside(tier)

    def _beside(self, tier: TierName) -> Sequence[Run]:
        """Queued runs of an empty queue that nobody has begun in all the time that we watched.

        A living worker claims what it has taken. What is unacknowledged may be in the hands of a
        dead one for as long as the visibility timeout, so it is no reason to wait. Counted by our
        own clock, since others may have stamped the runs by a wrong one.
        """
        now = self._clock.monotonic()
        queued = self._ledger.queued(tier, inf, self._limits.batch)
        watched = self._watched.get(tier, {})
        self._watched[tier] = since = {
            (run.id, run.send_n): watched.get((run.id, run.send_n), now) for run in queued
        }
        patience = self._limits.queued_seconds
        return [run for run in queued if now - since[run.id, run.send_n] >= patience]

    def _behind(self, tier: TierName) -> Iterator[Sequence[Run]]:
        """Queued runs that were sent long before the message that is next, and are not there.

        Stamps only tell when to look: what the queue holds is read, message by message.
        """
        now = self._clock.monotonic()
        before = self._sent_before_next(tier)
        if before is None or now < self._looked_at.get(tier, -inf) + LOOK_SECONDS:
            return
        found = self._ledger.queued(tier, before, self._limits.batch)
        if not found:
            return
        self._looked_at[tier] = now
        held = {(hint.run, hint.send_n) for hint in self._broker.hints(tier)}
        for _ in range(BATCHES):
            if lost := [run for run in found if (run.id, run.send_n) not in held]:
                self._looked_at.pop(tier, None)  # there may be more: at the next sweep
                yield lost
            if not found:
                return
            found = self._ledger.queued(tier, before, self._limits.batch, after=found[-1])

    def _sent_before_next(self, tier: TierName) -> float | None:
        """The time before which whatever was sent to this queue should have been taken from it."""
        tail = self._broker.tail(tier)
        oldest = self._ledger.run(tail.run) if tail else None
        if tail and oldest and oldest.sent_at and oldest.send_n == tail.send_n:
            return oldest.sent_at - self._limits.behind_seconds
        return None


LOOK_SECONDS = 10.0
"""Between two looks through a whole queue that found nothing missing."""

BATCHES = 5
"""Most batches of one sweep: the reaper's other duties wait meanwhile."""
