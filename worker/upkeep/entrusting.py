"""Sends runs to be handed over to people, a bounded number at a time."""

from collections.abc import Sequence
from typing import get_args

from config.policy import Policy
from config.tiers import CustomerTier
from tasks.chronicle import handing_over, sent_again
from tasks.errands.hand_over import left_to_people
from tasks.ports.clock import Clock
from tasks.ports.ledger import Change
from tasks.run import Run, State
from worker.carrying.notebook import change_of
from worker.chance import oldest_id
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault

BATCH = 100
"""In one sweep: each costs its helpdesk some requests, which others wait for."""

MINUTE = 60.0


class Entrusting:
    """Finds who is to be told of, and says so; each run once."""

    def __init__(
        self,
        ledger: SqlLedger,
        vault: Vault,
        clock: Clock,
        policy: Policy,
        residence: Residence = ANYWHERE,
    ) -> None:
        self._ledger = ledger
        self._residence = residence
        self._vault = vault
        self._clock = clock
        self._policy = policy

    def ended(self) -> Sequence[Change]:
        """What nobody decided about in time, and whose helpdesk was away when it came to rest."""
        found = self._ledger.unhanded(self._slowest(), BATCH, self._residence)
        return [self._sent(run, _why(run)) for run in found]

    def overdue(self) -> Sequence[Change]:
        """What has waited for longer than its customer tier's limit. It goes on afterwards."""
        now = self._slowest()
        tiers: tuple[CustomerTier, ...] = get_args(CustomerTier)
        older: dict[str, str] = {
            tier: oldest_id(now - self._policy.unrouted_after.of(tier)) for tier in tiers
        }
        found = self._ledger.overdue(older, BATCH, self._residence)
        return [self._sent(run, _late(run, now)) for run in found]

    def _slowest(self) -> float:
        """By the fleet's slowest clock: one that is an hour ahead must not hand over everything."""
        return min([self._clock.now(), *(life.beat_at for life in self._ledger.workers())])

    def _sent(self, run: Run, why: str) -> Change:
        entries = (handing_over(run, why), sent_again(run))
        return change_of(run, entries, None, vault=self._vault, clock=self._clock)


def _why(run: Run) -> str:
    """For people in the helpdesk."""
    if run.state is State.IN_REVIEW:
        return left_to_people(run.external_id, run.reason, run.why)
    return f"Triage Fleet could not triage this ticket: {run.reason} ({run.why})."


def _late(run: Run, now: float) -> str:
    minutes = (now - run.ingested_at) / MINUTE
    return (
        f"Triage Fleet has not triaged this ticket for {minutes:.0f} minutes."
        " It will as soon as it can; have a look yourself if it cannot wait."
    )
