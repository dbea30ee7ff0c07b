"""Looks at the fleet, and says what holds: for the herald, the shell and the page alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from config.alerts import AlertKind
from config.load import Config
from tasks.accounts import day_of
from tasks.ports.ledger import Books
from tasks.watching import Judged
from worker.alerts.alert import Alert
from worker.alerts.answers import PREFIX, answers_of
from worker.alerts.picture import Picture
from worker.alerts.raised import SOURCE, raised
from worker.alerts.reading import (
    read_backfill,
    read_held_edits,
    read_oldest,
    read_polls,
    read_rates,
    read_shares,
    read_waiting,
)
from worker.guards.standing import Standing
from worker.ledgers.alerting import Kept
from worker.ledgers.engine import reading
from worker.ledgers.measuring import judge
from worker.ledgers.residence import REMOTE
from worker.ledgers.sql import SqlLedger

JUDGE_SECONDS = 300.0

OF_BREAKERS = frozenset((AlertKind.BREAKER_OPEN, AlertKind.MISCONFIGURED))


class Lookout:
    """One source of truth. Every look reads the ledger: not for an event loop.

    `watched`: the sources that beat polls, by their names in the ledger. `breakers` says how they
    stand now; None from it means that nobody could tell. `judges`: whether it looks for itself at
    how often people correct, which reads three months of decisions; else what was told last holds.
    """

    def __init__(
        self,
        ledger: SqlLedger,
        config: Config,
        *,
        watched: Sequence[str] = (),
        breakers: Callable[[], Sequence[Standing] | None] = tuple,
        judges: bool = False,
    ) -> None:
        self._ledger = ledger
        self._config = config
        self._watched = tuple(watched)
        self._breakers = breakers
        self._judges = judges
        self._judged: tuple[float, tuple[Judged, ...]] | None = None

    def look(
        self, now: float, *, books: Books | None = None, broker_answers: bool = True
    ) -> Picture:
        """The fleet at `now` (epoch seconds); `books`: as counted already. Raises LedgerDown."""
        ledger, limits = self._ledger, self._config.alerts.limits
        lapse = self._config.settings.heart.lapse_seconds
        workers = ledger.workers()
        alive = tuple(worker for worker in workers if now - worker.beat_at < lapse)
        with reading(ledger.engine) as connection:
            backfill = read_backfill(connection)
            oldest = read_oldest(connection)
            waiting, parked = read_waiting(connection)
            polls = read_polls(connection)
            rates = read_rates(connection, now - limits.window_seconds)
            shares = read_shares(connection, now)
            held = read_held_edits(connection)
        breakers = self._breakers()
        return Picture(
            now=now,
            books=books or ledger.books(),
            backfill=backfill,
            alive=alive,
            lost=len(workers) - len(alive),
            oldest=oldest,
            waiting=waiting,
            parked=parked,
            polled=_watched(self._watched, polls, now - limits.window_seconds),
            breakers=tuple(breakers or ()),
            accounts=tuple(ledger.accounts(day_of(now))),
            held_edits=held,
            rates=rates,
            shares=shares,
            answers=answers_of(ledger.marked(PREFIX)),
            judged=self._look_at_corrections(now),
            guards_off=tuple(ledger.guards_off(now)),
            broker_answers=broker_answers,
            unseen=frozenset(
                {
                    *(OF_BREAKERS if breakers is None else ()),
                    *(() if self._judges else (AlertKind.ACCURACY,)),
                }
            ),
        )

    def _look_at_corrections(self, now: float) -> tuple[Judged, ...]:
        """By itself now and then: people take hours to correct what takes them minutes to read."""
        if not self._judges:
            return ()
        if self._judged is None or not 0 <= now - self._judged[0] < JUDGE_SECONDS:
            self._judged = now, judge(self._ledger.engine, now, self._config.policy.watch)
        return self._judged[1]

    def raised(self, picture: Picture) -> tuple[Alert, ...]:
        """What holds in it."""
        return raised(picture, self._config)

    def known(self, picture: Picture) -> tuple[Alert, ...]:
        """The same with when each began; what could not be seen is as it was when last told."""
        kept = self._ledger.alerts()
        holding = self.raised(picture)
        names = {alert.name for alert in holding}
        hidden = (
            Alert(kind=AlertKind(one.kind), name=one.name, text=one.text)
            for one in kept.values()
            if not one.is_over and one.name not in names and self._is_hidden(one, picture)
        )
        return tuple(replace(one, since=_since(kept, one)) for one in (*holding, *hidden))

    def _is_hidden(self, one: Kept, picture: Picture) -> bool:
        """Whether only others can see it: what `triage up SOURCE` polls is known to its fleet."""
        theirs = one.kind == AlertKind.NOT_POLLED and one.resolved_at is None
        is_elsewhere = one.name.removeprefix(SOURCE) not in picture.polled
        return one.kind in picture.unseen or (bool(picture.alive) and theirs and is_elsewhere)


def _watched(
    watched: Sequence[str], polls: Mapping[str, float], since: float
) -> Mapping[str, float | None]:
    """Those that are polled, and when they were.

    Where a shell names no helpdesk and its fleet polls a real one, the embedded one is nobody's.
    """
    is_real = any(name.startswith(REMOTE) and at > since for name, at in polls.items())
    theirs = {EMBEDDED} if is_real else frozenset[str]()
    return {source: polls.get(source) for source in watched if source not in theirs}


EMBEDDED = "helpdesk"
"""The name of the embedded helpdesk's inbox."""


def _since(kept: Mapping[str, Kept], alert: Alert) -> float | None:
    one = kept.get(alert.name)
    return one.since if one and not one.is_over else None
