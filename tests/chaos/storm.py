"""One storm, from the first ticket to the verdict."""

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select

from tasks.errors import LedgerDown
from tasks.protocol import SWEEP_SECONDS
from tasks.run import State
from tests.acceptance.patience import until
from tests.chaos.arena import Arena, arena, heal
from tests.chaos.evidence import Records
from tests.chaos.nemesis import Nemesis
from tests.chaos.plan import HEAVY, ONLY_POSTGRES, Kind, plan
from tests.chaos.record import Record
from tests.chaos.verdict import judge, repeated, twins
from tests.chaos.watch import ENOUGH, Watch, percentile, wait
from worker.ledgers.engine import reading
from worker.ledgers.schema import writes

TICK = 0.05
AT_REST_SECONDS = 120.0
"""After nothing is queued any more; a backlog may take up to BACKLOG_SECONDS."""

BACKLOG_SECONDS = 600.0
RECOVERED_SECONDS = 10.0
SWEPT_SECONDS = 150.0
WARM_SECONDS = 90.0
MINUTE_TAKES, MOST_MINUTES = 8.0, 10
"""Seconds for a minute of the workers' clocks while a sweep is waited for, and how many of them."""

Say = Callable[[str], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders:
    """What kind of storm it is to be."""

    seed: int
    minutes: float
    ledger: str
    tickets: int
    only: tuple[str, ...] = ()
    workers: int = 2
    latency: float = 1.0
    every: float = 4.5

    @property
    def command(self) -> str:
        """Does the same again."""
        only = f" --only {' '.join(self.only)}" if self.only else ""
        return (
            f"python -m tests.chaos --seed {self.seed} --minutes {self.minutes:g} --ledger "
            f"{self.ledger} --tickets {self.tickets} --workers {self.workers} --latency "
            f"{self.latency:g} --every {self.every:g}{only}"
        )

    def kinds(self, *, may_fill: bool) -> list[Kind]:
        """What the nemesis may do."""
        wanted = [Kind(name) for name in self.only] or list(Kind)
        unfit = set() if self.ledger == "postgres" else set(ONLY_POSTGRES)
        if not may_fill:
            unfit.add(Kind.DISK_FULL)
        return [kind for kind in wanted if kind not in unfit]


def weather(orders: Orders, say: Say) -> Record:
    """Lets it rage, heals, waits for rest, and judges."""
    seconds = orders.minutes * 60
    with arena(
        orders.seed,
        orders.ledger,
        tickets=orders.tickets,
        seconds=seconds,
        workers=orders.workers,
        latency=orders.latency,
    ) as field:
        kinds = orders.kinds(may_fill=field.disk.is_small)
        if not field.disk.is_small:
            say("no disk of its own can be mounted here (it takes root): none is filled\n")
        _warm_up(field, say)
        strikes = plan(orders.seed, seconds, kinds, heavy_every=orders.every)
        nemesis = Nemesis(arena=field, plan=strikes)
        watch = Watch(arena=field, nemesis=nemesis)
        field.customers.start()
        watch.start()
        while not (nemesis.is_done() and field.customers.is_done()):
            nemesis.tend()
            _tell(say, nemesis, watch, field)
            wait(TICK)
        say("\nhealed; waiting for rest\n")
        rest = _come_to_rest(field, nemesis, watch, say)
        watch.stop()
        field.customers.stop()
        nemesis.close()
        say("\njudging\n")
        records = Records(
            seed=orders.seed,
            brought=field.customers.brought,
            ledger=field.place.shop.ledger,
            logs=field.logs,
            guards=field.place.shop.config.guards,
            tiers=field.place.shop.config.tiers,
            weather=nemesis.weather,
        ).read(field.customers.helpdesk, field.upstreams.log)
        violations = judge(records)
        if rest is None:
            violations["I1"].insert(0, f"not at rest after {AT_REST_SECONDS:.0f} s")
        violations["I1"] += watch.unbalanced
        violations["I6"] += watch.overspent
        violations["I10"] = _too_slow(watch)
        violations["I12"] += watch.leaked
        return Record.of(
            orders,
            field,
            nemesis,
            watch,
            records,
            violations=violations,
            rest_seconds=rest,
            twins=twins(records),
            repeated=repeated(records),
        )


def _too_slow(watch: Watch) -> list[str]:
    """Whether a dead worker's runs went on too late, where nothing else was wrong meanwhile."""
    fair = [one for one in watch.recovered if one.fair]
    worst = percentile([one.seconds for one in fair], 0.99)
    if worst is None or len(fair) < ENOUGH or worst <= RECOVERED_SECONDS:
        return []
    late = (one for one in fair if one.seconds > RECOVERED_SECONDS)
    named = ", ".join(f"{one.run} of {one.at:.1f} after {one.seconds:.1f} s" for one in late)
    return [f"p99 {worst:.1f} s of {len(fair)} runs: {named}"]


def _warm_up(field: Arena, say: Say) -> None:
    say("starting the fleet\n")
    deadline = time.monotonic() + WARM_SECONDS
    _ = field.place.shop  # migrates
    while len(field.place.shop.ledger.workers()) < len(field.troop.posts) - 1:
        field.troop.tend()
        assert time.monotonic() < deadline, "the fleet does not start: see the logs"
        wait(TICK)


def _come_to_rest(field: Arena, nemesis: Nemesis, watch: Watch, say: Say) -> float | None:
    """Seconds until nothing is left to be done by itself; None where that does not come."""
    heal(field)
    for source in nemesis.sources:  # whose pollers may both have met a database that was away
        field.place.ask("intake", source)
    began = quiet = time.monotonic()
    while time.monotonic() - quiet < AT_REST_SECONDS and time.monotonic() - began < BACKLOG_SECONDS:
        nemesis.tend()
        _tell(say, nemesis, watch, field)
        with suppress(LedgerDown):
            if field.place.states()[State.QUEUED]:  # a backlog takes the time that it takes
                quiet = time.monotonic()
            if _is_read(field) and field.place.is_settled():
                rest = time.monotonic() - began
                _wait_for_sweep(field, nemesis)
                return rest
        wait(0.25)
    return None


def _is_read(field: Arena) -> bool:
    """Whether every line of the inbox, and every reply, has been taken in."""
    for source in (f"file:{field.customers.inbox}", "helpdesk"):
        found = json.loads(field.place.ask("intake", source, "--json").out)
        if found["ingested"]:
            return False
    return True


def _wait_for_sweep(field: Arena, nemesis: Nemesis) -> None:
    """Notes that a frozen process may have sent twice are looked for a minute later.

    Nobody is frozen any more, and nothing is under way: that minute is let go by in a moment. What
    a clock that was wrong had put off takes another one.
    """
    began, minutes = time.monotonic(), 0

    def swept() -> bool:
        nonlocal minutes
        nemesis.tend()
        if minutes < min(MOST_MINUTES, (time.monotonic() - began) / MINUTE_TAKES):
            minutes += 1
            for post in field.troop.workers():
                file = field.folder / f"clock-{post.name}"
                file.write_text(str(minutes * (SWEEP_SECONDS + 1)))
        query = select(func.count()).where(
            writes.c.sweep_at.is_not(None), writes.c.outcome.is_not(None)
        )
        with reading(field.place.shop.ledger.engine) as connection:
            return connection.execute(query).scalar_one() == 0

    until(swept, SWEPT_SECONDS)


_told = Counter[str]()


def _tell(say: Say, nemesis: Nemesis, watch: Watch, field: Arena) -> None:
    """The live view: a line that is written over on a terminal, else one every ten seconds."""
    is_tty = sys.stderr.isatty()
    due = nemesis.now // (0.5 if is_tty else 10)
    if _told["at"] == due:
        return
    _told["at"] = int(due)
    states = watch.books.states if watch.books else {}
    counts = " ".join(f"{state}={n}" for state, n in states.items() if n)
    heavy = sum(n for kind, n in nemesis.done.items() if kind in HEAVY)
    last = nemesis.timeline[-1]["kind"] if nemesis.timeline else "-"
    line = (
        f"{nemesis.now:6.1f} s  brought {field.customers.brought}  {counts}  faults {heavy}+"
        f"{nemesis.done.total() - heavy}  last {last}  away {','.join(nemesis.away) or '-'}"
    )
    say(f"\r\x1b[2K{line}" if is_tty else f"{line}\n")
