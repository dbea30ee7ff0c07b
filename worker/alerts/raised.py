"""From a picture of the fleet to the alerts that hold: pure, and the only place that decides it."""

from collections.abc import Iterator
from typing import get_args

from config.alerts import AlertKind
from config.load import Config
from config.tiers import CustomerTier
from tasks.run import State
from worker.alerts.alert import Alert
from worker.alerts.of_accuracy import of_accuracy
from worker.alerts.of_guards import of_guards
from worker.alerts.of_rates import of_rates
from worker.alerts.picture import Picture

SOURCE = "source:"
UNROUTED = (State.QUEUED, State.RUNNING, State.WAITING)
BROKER_DOWN = Alert(
    kind=AlertKind.BROKER_DOWN,
    name="broker",
    text="it does not answer; nothing is lost, and nothing moves until it does",
)
MOST_NAMED = 5
"""Tickets in one alert."""

LEAST_UNPOLLED = 60.0
"""Seconds without a poll that mean nothing, however short the interval is."""


def raised(picture: Picture, config: Config) -> tuple[Alert, ...]:
    """All that holds, the worst first; each name once."""
    return (
        *_of_stores(picture),
        *of_guards(picture, config.alerts.limits),
        *_of_work(picture),
        *_unrouted(picture, config),
        *_unpolled(picture, config),
        *of_rates(picture, config.alerts.limits),
        *of_accuracy(picture.judged),
    )


def _of_stores(picture: Picture) -> Iterator[Alert]:
    if not picture.broker_answers:
        yield BROKER_DOWN
    if not picture.books.balanced:
        text = "run `triage books --deep`"
        yield Alert(kind=AlertKind.BOOKS_DIFFER, name="books", text=text)


def _of_work(picture: Picture) -> Iterator[Alert]:
    states, backfill = picture.books.states, picture.backfill
    # They are counted a moment apart.
    unrouted = max(0, sum(states.get(one, 0) - backfill.get(one, 0) for one in UNROUTED))
    if not picture.alive and (unrouted or picture.lost):
        nobody = f"{unrouted} tickets are unrouted and nobody works on them"
        died = f"{picture.lost} worker processes have died, and none works now"
        text = nobody if unrouted else died
        yield Alert(kind=AlertKind.NO_WORKER, name="workers", text=text)
    if looping := picture.waiting.get("loop"):
        text = f"{looping} tickets get more messages than people write"
        see = f"{text}; `triage ticket list --state waiting`"
        yield Alert(kind=AlertKind.REPLY_LOOP, name="loop", text=see)
    if held := picture.held_edits:
        more = f" and {len(held) - MOST_NAMED} more" if len(held) > MOST_NAMED else ""
        names = f"{', '.join(held[:MOST_NAMED])}{more}"
        text = f"shadow keeps what people chose on {names} from being put back over ours"
        yield Alert(kind=AlertKind.EDITS_HELD, name="edits", text=text)


def _unrouted(picture: Picture, config: Config) -> Iterator[Alert]:
    """One for each customer tier whose oldest unrouted ticket is over its limit."""
    tiers: tuple[CustomerTier, ...] = get_args(CustomerTier)
    for tier in (tier for tier in tiers if tier in picture.oldest):
        limit = config.policy.unrouted_after.of(tier)
        waits = picture.now - picture.oldest[tier]
        if waits > limit:
            text = f"the oldest {tier} ticket waits {waits:.0f} s, the limit is {limit:.0f} s"
            yield Alert(kind=AlertKind.UNROUTED, name=f"unrouted:{tier}", text=text)


def _unpolled(picture: Picture, config: Config) -> Iterator[Alert]:
    """Only while somebody works: who is down polls nothing, which is another alert's matter."""
    if not picture.alive:
        return
    every = config.settings.intake.poll_seconds
    most = max(config.alerts.limits.polls_missed * every, LEAST_UNPOLLED)
    began = min(worker.started_at for worker in picture.alive)
    for source, polled_at in sorted(picture.polled.items()):
        silent = picture.now - max(polled_at or 0.0, began)
        if silent > most:
            text = f"{source} has not been read for {silent:.0f} s; it should be every {every:.0f}"
            yield Alert(kind=AlertKind.NOT_POLLED, name=f"{SOURCE}{source}", text=text)
