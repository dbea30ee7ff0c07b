"""Sends what is due and what the broker has lost, and takes over from the dead.

One reaper at a time in the fleet, inside any worker: whoever holds the role.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from config.settings import Reaper as Limits
from tasks.chronicle import sent_again
from tasks.ports.ledger import Change
from tasks.run import Run
from tasks.waypoints import Waypoint, passing
from worker.broker.names import DEAD_LETTER
from worker.broker.queues import Broker
from worker.broker.wire import Hint
from worker.carrying.hints import hint_of
from worker.carrying.notebook import change_of
from worker.ledgers.reaping import taken_over
from worker.privacy.vault import Vault
from worker.upkeep.entrusting import Entrusting
from worker.upkeep.incarnation import Heart
from worker.upkeep.missing import Missing
from worker.upkeep.observer import Observer
from worker.upkeep.releasing import Releasing
from worker.upkeep.role import Role

ROLE = "reaper"


@dataclass(frozen=True, kw_only=True, slots=True)
class Duties:
    """What whoever holds the role looks after, besides sending."""

    entrusting: Entrusting
    releasing: Releasing


class Reaper:
    """Makes the broker agree with the ledger, a bounded step at a time."""

    name = ROLE

    def __init__(
        self,
        heart: Heart,
        observer: Observer,
        duties: Duties,
        *,
        broker: Broker,
        vault: Vault,
        limits: Limits,
    ) -> None:
        self._entrusting = duties.entrusting
        self._releasing = duties.releasing
        self._heart = heart
        self._ledger = heart.ledger
        self._clock = heart.clock
        self._observer = observer
        self._broker = broker
        self._vault = vault
        self._limits = limits
        self._log = heart.log
        self._role = Role(ROLE, heart)
        self._missing = Missing(heart.ledger, broker, heart.clock, limits=limits)
        self._sweeps = 0

    def sweep(self) -> None:
        """One round. Raises LedgerDown or BrokerDown; the next round starts afresh."""
        self._bury_lives()
        if not self._role.is_held():
            return
        self._take_over()
        self._send(self._ledger.due(self._clock.now(), self._limits.batch))
        self._send(self._releasing.ready(self._limits.batch))
        scopes = [pause.scope for pause in self._ledger.pauses()]
        self._send(self._ledger.resumed(scopes, self._limits.batch))
        if begun := self._ledger.let_begin(self._clock.now(), self._limits.batch):
            self._push(begun)
        for lost in self._missing.batches():
            self._send(lost)
        if self._sweeps % PROJECT_EVERY == 0:
            self._project_dead()
            self._hand_over(self._entrusting.ended())
        if self._sweeps % OVERDUE_EVERY == 0:
            self._hand_over(self._entrusting.overdue())
            self._expire()
        self._sweeps += 1

    def _bury_lives(self) -> None:
        """Every worker watches, so that the role itself has an heir."""
        me = self._heart.incarnation
        workers = [worker for worker in self._ledger.workers() if worker.incarnation != me]
        steady = self._heart.steady_seconds()
        for incarnation in self._observer.lapsed(workers, steady_seconds=steady):
            passing(Waypoint.BURYING)
            taken = self._ledger.bury(incarnation, self._clock.now())
            self._log.warning("worker.lapsed", incarnation=incarnation, runs=len(taken))
            passing(Waypoint.PUSHING)
            # Ahead: their customers have waited once already.
            self._broker.push([hint_of(run) for run in taken], ahead=True)

    def _take_over(self) -> None:
        """What a claim and a death at the same moment have left to nobody."""
        now = self._clock.now()
        changes = [taken_over(run, now) for run in self._ledger.orphans(self._limits.batch)]
        if changes:
            self._log.warning("runs.taken_over", count=len(changes))
            self._commit(changes, ahead=True)

    def _send(self, runs: Sequence[Run]) -> None:
        """First the ledger, then the broker: a message that is lost in between is missed again."""
        if not runs:
            return
        self._commit(
            [
                change_of(run, (sent_again(run),), None, vault=self._vault, clock=self._clock)
                for run in runs
            ]
        )

    def _commit(self, changes: Sequence[Change], *, ahead: bool = False) -> None:
        accepted = self._ledger.commit(changes)
        moved = [change.after for change, ok in zip(changes, accepted, strict=True) if ok]
        self._push(moved, ahead=ahead)

    def _push(self, moved: Sequence[Run], *, ahead: bool = False) -> None:
        passing(Waypoint.PUSHING)
        self._broker.push([hint_of(run) for run in moved], ahead=ahead)
        self._log.info("runs.sent", count=len(moved))

    def _hand_over(self, changes: Sequence[Change]) -> None:
        """Ahead of all: their customers wait, and it costs no model."""
        if changes:
            self._log.info("runs.handed_over", count=len(changes))
            self._commit(changes, ahead=True)

    def _expire(self) -> None:
        """Texts are kept so long and no longer."""
        kept = self._vault.keep_seconds
        now = self._clock.now()
        if gone := self._ledger.expire(now, kept_seconds=kept, limit=EXPIRED_AT_ONCE):
            self._log.info("texts.expired", count=gone)

    def _project_dead(self) -> None:
        """The dead-letter queue shows the ledger's dead letters to whatever reads a broker."""
        dead = [
            Hint(task="tasks.dead", run=run.id, send_n=run.send_n, queue=DEAD_LETTER)
            for run in self._ledger.dead(DEAD_SHOWN)
        ]
        if {(h.run, h.send_n) for h in self._broker.hints(DEAD_LETTER)} != {
            (hint.run, hint.send_n) for hint in dead
        }:
            self._broker.replace_queue(DEAD_LETTER, dead)


PROJECT_EVERY = 5
"""Sweeps between two looks at the dead-letter queue; it may be wrong for ten seconds at most."""

OVERDUE_EVERY = 30
"""Sweeps between two looks for what has waited too long, which reads all that is queued."""

EXPIRED_AT_ONCE = 1_000
"""Texts that are deleted in one transaction."""

DEAD_SHOWN = 10_000
"""Most dead letters that the broker shows; the ledger has them all."""
