"""What is to be told, from what was told before and what holds now: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from config.alerts import AlertKind, Alerts
from worker.alerts.alert import Alert
from worker.alerts.channel import State
from worker.ledgers.alerting import Kept

HOUR = 3_600.0
KNOWN = frozenset(AlertKind)
"""A newer version's are left to whoever knows them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """An alert moves on in the ledger; `says` is what is told of that, if anything is."""

    before: Kept | None
    after: Kept
    says: State | None

    @property
    def alert(self) -> Alert:
        """As it is told."""
        after = self.after
        kind = AlertKind(after.kind)
        return Alert(kind=kind, name=after.name, text=after.text, since=after.since)


def steps(
    kept: Mapping[str, Kept],
    holding: Sequence[Alert],
    now: float,
    rules: Alerts,
    unseen: frozenset[AlertKind] = frozenset(),
) -> Iterator[Step]:
    """Every alert that moves at `now` (epoch seconds); of the kinds in `unseen` none ends."""
    names = {alert.name for alert in holding}
    for alert in holding:
        before = kept.get(alert.name)
        if step := _holds(alert, before, now, rules):
            yield step
    for name, before in kept.items():
        is_ours = before.kind in KNOWN and before.kind not in unseen
        if name in names or before.is_over or not is_ours:
            continue
        if step := _does_not_hold(before, now, rules):
            yield step


def _holds(alert: Alert, before: Kept | None, now: float, rules: Alerts) -> Step | None:
    if before is None or before.is_over:
        fresh = Kept(name=alert.name, kind=alert.kind, text=alert.text, since=now, told_at=now)
        return Step(before=before, after=fresh, says=State.RAISED)
    # A moment that lies ahead was told by a clock that was wrong.
    if not 0 <= now - before.told_at < rules.again_hours * HOUR:
        again = replace(before, text=alert.text, told_at=now, resolved_at=None)
        return Step(before=before, after=again, says=State.STILL)
    if before.resolved_at is not None:
        return Step(before=before, after=replace(before, resolved_at=None), says=None)
    return None


def _does_not_hold(before: Kept, now: float, rules: Alerts) -> Step | None:
    if before.resolved_at is None:
        return Step(before=before, after=replace(before, resolved_at=now), says=None)
    if 0 <= now - before.resolved_at < rules.quiet_seconds:
        return None
    over = replace(before, resolution_told_at=now)
    return Step(before=before, after=over, says=State.RESOLVED)
