"""A Roundup that fails often, then always, then seldom, and what it is asked meanwhile."""

from dataclasses import dataclass, field
from itertools import pairwise
from random import Random

from tests.acceptance.patience import until
from tests.rehearsal.breaker import FREE
from tests.rehearsal.outage import SYNC, TO_OPEN
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, IN_FLIGHT, Casting, Stage, ended, staged
from tests.soak.proxy import Proxy, serving
from tests.soak.sites import Kind, Site, served

TICKETS = 200
CALM = 100
PROBES = 6
KIND: Kind = "roundup"
HELPDESK = "[roundup]\ntimeout_seconds = 30.0\nsettle_seconds = 1.0\nrequests = 4\n"


@dataclass(kw_only=True)
class Failing(Proxy):
    """Answers 503 to that share of all requests, and keeps when each came."""

    share: float = 0.0
    came: list[tuple[float, str]] = field(default_factory=list)

    def draw(self, method: str, path: str) -> str:
        """What becomes of a request."""
        del method, path
        what = "busy" if self.chance.random() < self.share else "fair"
        self.came.append((CLOCK.now(), what))
        return what

    def since(self, moment: float) -> list[float]:
        """When requests came since then."""
        return [at for at, _ in list(self.came) if at >= moment]


def helpdesk(pace: Pace, *, seed: int) -> dict[str, object]:
    """The figures of DESIGN section 6 for a helpdesk, by what it was asked."""
    with served(KIND) as site, serving(Failing(upstream=site.url, chance=Random(seed))) as proxy:
        named = {"": KIND, "_URL": proxy.url, "_TOKEN": site.token}
        variables = {f"TRIAGE_HELPDESK{name}": value for name, value in named.items()}
        casting = Casting(latency="0.1-0.3")
        with staged(
            casting, pace, seed=seed, guards=FREE, variables=variables, helpdesk=HELPDESK
        ) as stage:
            stage.place.may_write()
            stage.place.ask("intake")
            found = _ill(stage, site, proxy, pace)
            stage.settle(400)
            return {**found, **_calm(stage, site, proxy), **ended(stage)}


def _bring(stage: Stage, site: Site, tickets: int) -> None:
    """So many customers write, while their helpdesk is well."""
    before = len(stage.place.runs())
    for number in range(before, before + tickets):
        site.deliver(f"A rate {number}", f"Which rate do I get? (ticket NIGHT-{number})")

    def are_there() -> bool:
        stage.place.ask("intake")
        return len(stage.place.runs()) == before + tickets

    until(are_there, 120)


def _ill(stage: Stage, site: Site, proxy: Failing, pace: Pace) -> dict[str, object]:
    """From the first failure to the closing."""
    stage.place.ask("pause", "--why", "until all are there")
    _bring(stage, site, TICKETS)
    proxy.share, began = 0.8, CLOCK.now()
    stage.place.ask("resume")
    until(lambda: stage.noticed("breaker.opened", began) and stage.show(), 120)
    opened = stage.noticed("breaker.opened", began)[0]
    proxy.share, known = 1.0, opened + 2 * SYNC
    until(lambda: len(proxy.since(known)) >= PROBES and stage.show(), 240)
    probes = proxy.since(known)
    proxy.share, back = 0.0, CLOCK.now()
    until(lambda: stage.noticed("breaker.closed", back) and stage.show(), 240)
    first, most = pace.scaled(5), pace.scaled(60)
    intervals = [min(first * 2**n, most) for n in range(len(probes))]
    return {
        "calls_until_open": sum(began <= at < known for at, _ in proxy.came),
        "calls_until_open_allowed": IN_FLIGHT + TO_OPEN,
        "seconds_between_probes": [round(after - at, 2) for at, after in pairwise(probes)],
        "intervals": [round(one, 2) for one in intervals[1:]],
        "closed_seconds_after": round(stage.noticed("breaker.closed", back)[0] - back, 2),
        "interval_then": round(intervals[-1], 2),
    }


def _calm(stage: Stage, site: Site, proxy: Failing) -> dict[str, object]:
    """One request in twenty fails."""
    _bring(stage, site, CALM)
    proxy.share, began = 0.05, CLOCK.now()
    stage.settle(600)
    proxy.share = 0.0
    return {
        "calls_of_which_one_in_twenty_fails": len(proxy.since(began)),
        "opened_by_them": len(stage.noticed("breaker.opened", began)),
    }
