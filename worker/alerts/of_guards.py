"""Alerts that guards raise: what is shut off, what is spent, and what an operator switched off."""

from collections.abc import Iterator
from datetime import UTC, datetime

from config.alerts import AlertKind, AlertLimits
from config.guards import MICRO
from worker.alerts.alert import Alert
from worker.alerts.picture import Picture
from worker.guards.rule import KEYS
from worker.guards.standing import Standing
from worker.ledgers.accounting import Account


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


def _misconfigured(picture: Picture) -> Iterator[Alert]:
    """One for each thing that is to be mended, however many runs are parked for it."""
    shut = {one.name for one in picture.breakers if one.is_shut and one.name.startswith(KEYS)}
    for name in sorted(shut | picture.parked.keys()):
        runs = picture.parked.get(name, 0)
        said = [f"{runs} runs are parked"] * bool(runs) + [f"{name} does not work"] * bool(name)
        text = "; ".join([*said, "`triage ticket list --state waiting`"])
        yield Alert(kind=AlertKind.MISCONFIGURED, name=name or "parked", text=text)


def _is_open_for_long(one: Standing, now: float, limits: AlertLimits) -> bool:
    is_open = one.is_shut and not one.name.startswith(KEYS)
    return is_open and _open_for(one, now) >= limits.breaker_seconds


def _open_for(one: Standing, now: float) -> float:
    return now - (now if one.since is None else one.since)


def _open(one: Standing, now: float) -> Alert:
    seconds = f"{_open_for(one, now):.0f} s"
    probed = f"{one.name} is left alone for {seconds}, but for probes"
    held = f"{one.name} is held open for {seconds} by {one.by}: {one.why}"
    text = held if one.by else probed
    return Alert(kind=AlertKind.BREAKER_OPEN, name=f"breaker:{one.name}", text=text)


def _spent(account: Account, limits: AlertLimits) -> Iterator[Alert]:
    """A cap that is reached is near as well, so that it is told to be over once a day is."""
    used = (account.spent + account.reserved) / MICRO
    said = f"{account.scope} has used ${used:.2f} of ${account.cap / MICRO:.2f} today"
    if account.is_closed:
        text = f"{said} and asks no model before midnight UTC; `triage spend`"
        yield Alert(kind=AlertKind.CAP_REACHED, name=f"cap:{account.scope}", text=text)
    elif account.share >= limits.cap_share:
        text = f"{said}; `triage spend`"
        yield Alert(kind=AlertKind.CAP_NEAR, name=f"cap-near:{account.scope}", text=text)
