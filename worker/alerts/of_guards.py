"""Alerts that guards raise: what is shut off, what is spent, and what an operator switched off."""

from collections.abc import Iterator
from datetime import UTC, datetime

from config.alerts import AlertKind, AlertLimits
from worker.alerts.alert import Alert
from worker.alerts.picture import Account, Picture, Standing

NEEDS_MENDING = ("credential:", "model:")
"""Breakers that no time closes: a person has to mend a key, or a name."""


def of_guards(picture: Picture, limits: AlertLimits) -> Iterator[Alert]:
    """In the order in which they matter."""
    yield from _misconfigured(picture)
    for one in picture.breakers:
        if _is_open_for_long(one, picture.now, limits):
            yield _open(one, picture.now)
    for account in picture.accounts:
        yield from _spent(account, limits)
    for guard in picture.guards_off:
        until = datetime.fromtimestamp(guard.until, UTC)
        text = f"{guard.name} is off until {until:%d %b %H:%M} UTC, by {guard.by}: {guard.why}"
        yield Alert(kind=AlertKind.GUARD_OFF, name=f"guard:{guard.name}", text=text)


def _is_shut(one: Standing) -> bool:
    return not one.is_closed and one.name.startswith(NEEDS_MENDING)


def _misconfigured(picture: Picture) -> Iterator[Alert]:
    """One for each thing that is to be mended, however many runs are parked for it."""
    shut = {one.name for one in picture.breakers if _is_shut(one)}
    for name in sorted(shut | picture.parked.keys()):
        runs = picture.parked.get(name, 0)
        said = [f"{runs} runs are parked"] * bool(runs) + [f"{name} does not work"] * bool(name)
        text = "; ".join([*said, "`triage ticket list --state waiting`"])
        yield Alert(kind=AlertKind.MISCONFIGURED, name=name or "parked", text=text)


def _is_open_for_long(one: Standing, now: float, limits: AlertLimits) -> bool:
    is_open = not one.is_closed and not _is_shut(one)
    return is_open and now - one.since >= limits.breaker_seconds


def _open(one: Standing, now: float) -> Alert:
    why = f": {one.why}" if one.why else ""
    text = f"{one.name} is left alone for {now - one.since:.0f} s, but for probes{why}"
    return Alert(kind=AlertKind.BREAKER_OPEN, name=f"breaker:{one.name}", text=text)


def _spent(account: Account, limits: AlertLimits) -> Iterator[Alert]:
    """A cap that is reached is near as well, so that it is told to be over once a day is."""
    used = account.spent + account.reserved
    said = f"{account.scope} has used ${used / 1e6:.2f} of ${account.cap / 1e6:.2f} today"
    if account.is_shut or used >= account.cap:
        text = f"{said} and asks no model before midnight UTC; `triage spend`"
        yield Alert(kind=AlertKind.CAP_REACHED, name=f"cap:{account.scope}", text=text)
    elif used >= limits.cap_share * account.cap:
        text = f"{said}; `triage spend`"
        yield Alert(kind=AlertKind.CAP_NEAR, name=f"cap-near:{account.scope}", text=text)
