"""Waves of tickets through a real worker, a faulty line and a helpdesk that is killed."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from config.tiers import TIERS
from tasks.run import State
from tests.acceptance.fleet import Place, a_place
from tests.acceptance.patience import until
from tests.simulation.parts import STOLEN, Provider
from tests.soak.judge import judged
from tests.soak.proxy import Proxy
from tests.soak.sites import Site
from worker.broker import server as broker
from worker.crew import hire
from worker.desks import open_desks

WAVE = 40
AT_ONCE = 32
HELPDESK = """
[{kind}]
timeout_seconds = 8.0
settle_seconds = 6.0
requests = 8
"""
POLICY = """
[retry]
cap_seconds = 4.0
"""
GUARDS = """
[breaker]
least_calls = 100000
[retries]
floor = 100000
"""
"""A breaker would keep the writes from the very deaths that they are to meet."""

EVERY = 2.5
"""Seconds between the moments at which the helpdesk is up again and dies once more."""

A_WAVE = 16
"""Deaths, so that every wave meets some."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """At least so much of each."""

    writes: int
    lost: int
    kills: int


def soak(folder: Path, helpdesk: Site, proxy: Proxy, goal: Goal) -> dict[str, object]:
    """What came of it, by the helpdesk's own history."""
    began = time.monotonic()
    with broker.start(folder / "redis") as redis:
        place = _home(folder, helpdesk, proxy, redis.url)
        place.may_write()
        place.ask("intake")  # a first poll begins now
        desks = partial(open_desks, place.shop, Provider())
        fleet = hire(place.shop, frozenset(TIERS), desks)
        fleet.start()
        killer = _Killer(helpdesk, goal.kills)
        try:
            while not _is_enough(place, proxy, killer, goal):
                with killer.peace():
                    _bring(place, helpdesk, proxy)
                with killer.war():
                    _carry(place, fleet, lambda: f"{killer.done} kills, {proxy.lost_answers} lost")
        finally:
            proxy.is_fair = True
            fleet.stop()
        found = judged(place, helpdesk)
        place.clear()
    return {
        "seconds": round(time.monotonic() - began),
        "kills": killer.done,
        "lost_answers": proxy.lost_answers,
        "requests": dict(proxy.played),
        **found,
    }


def _home(folder: Path, helpdesk: Site, proxy: Proxy, redis: str) -> Place:
    kind = helpdesk.kind
    named = {"": kind, "_URL": proxy.url, "_TOKEN": helpdesk.token}
    variables = {f"TRIAGE_HELPDESK{name}": value for name, value in named.items()}
    return a_place(
        folder,
        {**variables, "TRIAGE_BROKER_URL": redis, "TRIAGE_MODEL": "local/baseline"},
        helpdesk=HELPDESK.format(kind=kind),
        policy=POLICY,
        guards=GUARDS,
    )


def _bring(place: Place, helpdesk: Site, proxy: Proxy) -> None:
    """A wave of tickets, taken in while nothing is wrong."""
    proxy.is_fair = True
    before = len(place.runs())
    for number in range(before, before + WAVE):
        text = f"{STOLEN} This is T-{number}."
        helpdesk.deliver(f"My card {number}", text)

    def are_there() -> bool:
        place.ask("intake")
        return len(place.runs()) == before + WAVE

    until(are_there, 60)
    proxy.is_fair = False


def _carry(place: Place, fleet: Any, what: Callable[[], str]) -> None:  # noqa: ANN401 - a worker
    """Until all of them have come to rest."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while not place.is_settled():
            queued = place.runs(states=(State.QUEUED,))
            list(pool.map(lambda run: fleet.carry(run.id, run.send_n), queued))
            states = {str(state): count for state, count in place.states().items() if count}
            sys.stderr.write(f"\r{what()}: {states}          ")
            time.sleep(0.05)


def _is_enough(place: Place, proxy: Proxy, killer: "_Killer", goal: Goal) -> bool:
    writes = sum(len(place.shop.ledger.writes(run.id)) for run in place.runs())
    return writes >= goal.writes and proxy.lost_answers >= goal.lost and killer.done >= goal.kills


class _Killer:
    """Kills the helpdesk whenever it has been up for a moment, and starts it again."""

    def __init__(self, helpdesk: Site, most: int) -> None:
        self.done = 0
        self._helpdesk = helpdesk
        self._most = most
        self._at_war = threading.Event()
        self._turn = threading.Lock()

    @contextmanager
    def peace(self) -> Iterator[None]:
        """The helpdesk is up, and stays so."""
        with self._turn:
            yield

    @contextmanager
    def war(self) -> Iterator[None]:
        """It dies again and again."""
        over = threading.Event()
        thread = threading.Thread(target=self._kill, args=(over,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _kill(self, over: threading.Event) -> None:
        last = min(self.done + A_WAVE, self._most)
        while self.done < last and not over.wait(EVERY):
            with self._turn:
                self._helpdesk.kill()
                self._helpdesk.start()
                self.done += 1
