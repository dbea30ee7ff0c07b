"""Alerts of what is too much of something: each wants a share and a number, for few are chance."""

from collections.abc import Iterator

from config.alerts import AlertKind, AlertLimits
from worker.alerts.alert import Alert
from worker.alerts.picture import Picture


def of_rates(picture: Picture, limits: AlertLimits) -> Iterator[Alert]:
    """Errors, dead letters, reviews, escalations, and models that answer under another name."""
    yield from _of_errors(picture, limits)
    yield from _of_shares(picture, limits)
    yield from _of_models(picture, limits)


def _of_errors(picture: Picture, limits: AlertLimits) -> Iterator[Alert]:
    rates, minutes = picture.rates, limits.window_seconds / 60
    if rates.failed >= limits.least and rates.failed > limits.error_share * rates.claimed:
        text = (
            f"{rates.failed} attempts failed in the last {minutes:.0f} min, tickets were taken in"
            f" hand {rates.claimed} times"
        )
        yield Alert(kind=AlertKind.MANY_ERRORS, name="errors", text=text)
    if rates.buried >= limits.least and rates.buried > limits.dead_share * rates.ended:
        text = (
            f"{rates.buried} of {rates.ended} tickets that came to an end in the last"
            f" {minutes:.0f} min are dead letters; `triage dead list --group`"
        )
        yield Alert(kind=AlertKind.MANY_DEAD, name="dead", text=text)


def _of_shares(picture: Picture, limits: AlertLimits) -> Iterator[Alert]:
    shares = picture.shares
    if _is_many(shares.in_review, shares.routed, limits.review_share, limits):
        text = f"{shares.in_review} of the last {shares.routed} tickets wait for a person"
        yield Alert(kind=AlertKind.MANY_IN_REVIEW, name="review", text=text)
    if _is_many(shares.escalated, shares.validated, limits.escalated_share, limits):
        text = f"of {shares.escalated} of the last {shares.validated} tickets a person was called"
        yield Alert(kind=AlertKind.MANY_ESCALATED, name="escalated", text=text)


def _is_many(part: int, whole: int, share: float, limits: AlertLimits) -> bool:
    return whole >= limits.least_routed and part > share * whole


def _of_models(picture: Picture, limits: AlertLimits) -> Iterator[Alert]:
    """Whoever has always answered under several names is no news; a new one is, for a while."""
    for model, names in sorted(picture.answers.items()):
        first = min(names.values(), default=0.0)
        new = [name for name, at in names.items() if at > first]
        newest = max(new, key=lambda name: names[name], default=None)
        if newest is None or picture.now - names[newest] > limits.changed_hours * 3_600:
            continue
        before = sorted(name for name in names if name != newest)
        text = f"{model} answers as {newest}; before it was {', '.join(before)}"
        yield Alert(kind=AlertKind.MODEL_CHANGED, name=f"model:{model}", text=text)
