"""Four worker processes with fifty tickets each, as the Procfile has them, before our providers."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from tasks.run import Run, State
from tests.acceptance.fleet import ROOT, UNSETTLED, Place, a_line, a_place
from tests.acceptance.patience import until
from tests.rehearsal.pace import Pace
from worker.broker import server as broker
from worker.clock import SystemClock
from worker.simulator.log import Record
from worker.simulator.running import running
from worker.simulator.simulator import Simulator

CLOCK = SystemClock()
PROCESSES = 4
AT_ONCE = 50
IN_FLIGHT = PROCESSES * AT_ONCE
SLOW_SECONDS, NEARLY = 20.0, 0.9
TIERS = ("economy", "standard", "premium")
CUSTOMER = dict(zip(TIERS, ("basic", "plus", "business"), strict=True))
"""Whose tickets each tier gets."""

ALERTS = "[limits]\nleast = 100_000\nleast_routed = 100_000\n"
CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
QUIET = ("-P", "threads", "--without-gossip", "--without-mingle", "--loglevel", "ERROR")
MODEL = """
[[models]]
name = "openai/{name}"
credential = "{key}"
api_base = "{url}"
upstream = "{name}"
price = {{ input = 1, output = 2, cached_input = 0.5 }}
timeout_seconds = {timeout}
why = "made up"
"""
TIER = '[[tiers]]\nname = "{tier}"\nmodels = [{models}]\nwhy = "made up"\n'


@dataclass(frozen=True, kw_only=True, slots=True)
class Casting:
    """Who answers for each tier: providers of the simulator, the first before the others."""

    tiers: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: dict.fromkeys(TIERS, ("alpha",))
    )
    latency: str = "1-3"
    timeout: float = 20.0

    @property
    def providers(self) -> Sequence[str]:
        """Each once."""
        return sorted({name for names in self.tiers.values() for name in names})

    def toml(self, provider: Simulator) -> str:
        """Models are named after their providers, and so are their keys."""
        models = [
            MODEL.format(name=name, key=key_of(name), url=provider[name].url, timeout=self.timeout)
            for name in self.providers
        ]
        tiers = [
            TIER.format(tier=tier, models=", ".join(f'"openai/{name}"' for name in names))
            for tier, names in self.tiers.items()
        ]
        return "".join([*models, *tiers])


def key_of(provider: str) -> str:
    """The variable with the key of that provider's models."""
    return f"{provider.upper()}_API_KEY"


@dataclass(kw_only=True)
class Stage:
    """A fleet at work."""

    place: Place
    provider: Simulator
    redis: broker.EmbeddedRedis
    folder: Path
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def bring(self, tickets: int, tier: str = "economy") -> list[str]:
        """So many new ones; their names."""
        names = [f"NIGHT-{next(self.numbers):05}" for _ in range(tickets)]
        lines = [
            a_line(name, f"Which rate do I get? (ticket {name})", customer=CUSTOMER[tier])
            for name in names
        ]
        assert self.place.take_in(*lines).ingested == tickets
        return names

    def states(self) -> dict[str, int]:
        """How many runs are where."""
        return {str(state): number for state, number in self.place.states().items() if number}

    def left(self) -> int:
        """Runs that have not come to rest."""
        states = self.place.states()
        return sum(states[state] for state in UNSETTLED)

    def settle(self, seconds: float) -> None:
        """Waits until all have, and says how far it is."""
        until(lambda: not self.show(), seconds)

    def show(self) -> int:
        """Progress for whoever looks on; what is left."""
        sys.stderr.write(f"\r{time.strftime('%H:%M:%S')} {self.states()}          ")
        sys.stderr.flush()
        time.sleep(0.3)  # the ledger is the fleet's, not ours
        return self.left()

    def log(self, since: float = 0.0, provider: str | None = None) -> list[Record]:
        """Requests that came since then, in that order."""
        found = [one for one in self.provider.log.since(0, provider) if one.at >= since]
        return sorted(found, key=lambda one: one.at)

    def fill(self, least: int = 9 * IN_FLIGHT // 10) -> None:
        """Waits until so many tickets are with the provider: nearly as many as may be at once.

        On a machine that is too slow to keep so many there, until nearly as many are as were there
        in the busiest tenth of that time.
        """
        began, seen = time.monotonic(), list[int]()

        def is_full() -> bool:
            self.show()
            seen.append(self.provider["alpha"].in_flight)
            is_slow = time.monotonic() - began > SLOW_SECONDS
            busy = sorted(seen)[len(seen) * 9 // 10]
            return seen[-1] > least or (is_slow and seen[-1] >= NEARLY * busy)

        until(is_full, 60)

    def runs(self, names: Sequence[str]) -> list[Run]:
        """Of these tickets."""
        wanted = set(names)
        return [run for run in self.place.runs() if run.external_id in wanted]

    def noticed(self, kind: str, since: float) -> list[float]:
        """When the fleet noticed that, since then."""
        return [one.at for one in self.place.shop.ledger.notices(since) if one.kind == kind]

    def noticed_of(self, kind: str, since: float) -> list[str]:
        """What it noticed that of."""
        return [one.subject for one in self.place.shop.ledger.notices(since) if one.kind == kind]

    def start(self, name: str, *words: str) -> None:
        """One process of the fleet."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    (*CELERY, *words),
                    env=self.place.environment,
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )

    def man(self, queues: Sequence[str]) -> None:
        """All of the fleet's processes, and waits until each lives."""
        for number, theirs in enumerate(queues):
            self.start_worker(number, theirs)
        self.start("upkeep", "worker", *QUIET, "-Q", "upkeep", "-c", "4", "-n", "upkeep@here")
        schedule = str(self.folder / "schedule")
        self.start("beat", "beat", "-s", schedule, "--pidfile=", "--loglevel", "ERROR")
        until(lambda: len(self.place.shop.ledger.workers()) == PROCESSES + 1, 240)

    def start_worker(self, number: int, queues: str) -> None:
        """One that carries tickets."""
        words = ("-Q", queues, "-c", str(AT_ONCE), "-n", f"w{number}@here")
        self.start(f"w{number}", "worker", *QUIET, *words)

    def stop(self) -> None:
        """Asks all to end, and kills who does not."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 45
        for process in self.processes:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def staged(
    casting: Casting,
    pace: Pace,
    *,
    seed: int = 1,
    guards: str = "",
    queues: Sequence[str] = (",".join(TIERS),) * PROCESSES,
    variables: Mapping[str, str] | None = None,
    **overlay: str,
) -> Iterator[Stage]:
    """A fleet that waits for tickets, before providers that are well.

    What an overlay says of settings and policy stands behind what the scenes have in common.
    """
    settings, policy = (overlay.pop(name, "") for name in ("settings", "policy"))
    providers = dict.fromkeys(casting.providers, 0)
    simulator = Simulator(providers, seed=seed, latency=casting.latency, most_records=1_000_000)
    with (
        tempfile.TemporaryDirectory(prefix="triage-rehearsal-", dir="/tmp") as name,
        broker.start(Path(name) / "redis") as redis,
        running(simulator),
    ):
        folder = Path(name)
        place = a_place(
            folder,
            {
                "TRIAGE_BROKER_URL": redis.url,
                **{key_of(provider): f"made-up-{provider}" for provider in providers},
                **(variables or {}),
            },
            settings=pace.settings + f"[worker]\nconcurrency = {AT_ONCE}\n" + settings,
            guards=pace.guards + guards,
            policy=pace.policy + policy,
            alerts=ALERTS,
            tiers=casting.toml(simulator),
            **overlay,
        )
        stage = Stage(place=place, provider=simulator, redis=redis, folder=folder)
        try:
            stage.man(queues)
            yield stage
        finally:
            stage.stop()
            place.clear()


def ended(stage: Stage) -> dict[str, object]:
    """What became of all: states, and whether the books are balanced."""
    books = stage.place.shop.ledger.books()
    return {
        "tickets": books.ingested,
        "states": stage.states(),
        "balanced": books.balanced,
        "dead": books.states[State.DEAD],
        "why_dead": [f"{run.stage}: {run.why}" for run in _dead(stage)],
    }


def _dead(stage: Stage) -> Sequence[Run]:
    return [run for run in stage.place.runs() if run.state is State.DEAD]


def played(records: Sequence[Record]) -> dict[str, int]:
    """How often the provider did what."""
    return dict(Counter(one.fault for one in records))
