"""A Roundup that fails often, then always, then seldom, and what it is asked meanwhile."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.acceptance.patience import until
from tests.rehearsal.course import FREE, calm, ill
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, Casting, Stage, ended, staged
from tests.soak.proxy import Proxy, serving
from tests.soak.sites import Kind, Site, served

TICKETS = 200
CALM = 1_300
"""Tickets, each of at least eight requests: ten thousand are needed."""
KIND: Kind = "roundup"
HELPDESK = "[roundup]\ntimeout_seconds = 30.0\nsettle_seconds = 1.0\nrequests = 4\n"
SELDOM = "[intake]\npoll_seconds = 3600.0\n"
"""What polls asks for new tickets, and is not looked at here."""

TRUSTED = """
[[autonomy.unmeasured]]
helpdesk = "roundup"
by = "this scene"
until = 2100-01-01
"""

SETTLE = 0.9
"""Seconds: one call is several requests, and those of one that was let through are no probes."""


@dataclass(kw_only=True)
class Failing(Proxy):
    """Answers 503 to that share of all requests, and keeps when each came."""

    share: float = 0.0
    came: list[float] = field(default_factory=list)

    def draw(self, method: str, path: str) -> str:
        """What becomes of a request."""
        del method, path
        self.came.append(CLOCK.now())
        return "busy" if self.chance.random() < self.share else "fair"

    def fail(self, share: float) -> None:
        """From now on."""
        self.share = share

    def asked(self, since: float) -> Sequence[float]:
        """When requests came."""
        return [at for at in list(self.came) if at >= since]


def helpdesk(pace: Pace, *, seed: int) -> dict[str, object]:
    """The figures of DESIGN section 6 for a helpdesk, by what it was asked."""
    with paused(Failing, pace, seed=seed, guards=FREE) as (stage, site, proxy):
        bring(stage, site, TICKETS)
        found = ill(stage, proxy, pace, settle=SETTLE, begin=partial(_resume, stage))
        stage.settle(400)
        _pause(stage)
        many = partial(bring, stage, site, CALM, seconds=900)
        found |= calm(stage, proxy, many, partial(_resume, stage))
        return {**found, **ended(stage)}


@contextmanager
def paused(
    kind: type[Failing], pace: Pace, *, seed: int, guards: str, settings: str = SELDOM
) -> Iterator[tuple[Stage, Site, Failing]]:
    """A fleet that may write and is paused, its Roundup, and what stands between them."""
    with served(KIND) as site, serving(kind(upstream=site.url, chance=Random(seed))) as proxy:
        named = {"": KIND, "_URL": proxy.url, "_TOKEN": site.token}
        with staged(
            Casting(latency="0.1-0.3"),
            pace,
            seed=seed,
            guards=guards,
            variables={f"TRIAGE_HELPDESK{name}": value for name, value in named.items()},
            settings=settings,
            policy=TRUSTED,
            helpdesk=HELPDESK,
        ) as stage:
            stage.place.may_write()
            stage.place.ask("intake")
            _pause(stage)
            yield stage, site, proxy


def _pause(stage: Stage) -> None:
    stage.place.ask("pause", "--why", "until all are there")


def _resume(stage: Stage) -> None:
    stage.place.ask("resume")


def bring(
    stage: Stage, site: Site, tickets: int, *, seconds: float = 120, polls: bool = True
) -> None:
    """So many customers write; it is polled here, or by the fleet itself."""
    before = len(stage.place.runs())
    for number in range(before, before + tickets):
        site.deliver(f"A rate {number}", f"Which rate do I get? (ticket NIGHT-{number})")

    def are_there() -> bool:
        if polls:
            stage.place.ask("intake")
        return len(stage.place.runs()) == before + tickets

    until(are_there, seconds)
