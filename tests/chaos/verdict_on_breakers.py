"""I8, and of I7 that nobody but a probe asks a provider whose breaker is open.

Judged where stores and workers were there: with Redis away each process is on its own, and
one that has just woken knows nothing of what it has missed.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import inf

from config.guards import Breaker
from tests.chaos.calls import Call
from tests.chaos.counted import shares
from tests.chaos.evidence import Found, Records
from tests.chaos.provider import PROVIDERS
from tests.chaos.weather import Spell, Weather
from worker.upkeep.releasing import PROBE_SECONDS

HEARD = 1.0
"""Seconds in which everybody has heard that a breaker has opened, on a machine that is busy."""

ENOUGH = 20
"""Calls of an outage after which its breaker is open; those in flight come on top."""

NEARLY = 0.9
"""Of an interval, or of a share: clocks differ."""

SLACK = 5.0
"""Seconds that a probe may take, and to find somebody to make it."""

START = 0.25
"""Of a ramp: in its first quarter a sixth of the calls is let through."""

FEW = 10
"""Calls that say nothing of a ramp."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """A time in which a breaker was open."""

    at: float
    until: float  # inf: to the end
    before: float  # when it had closed the last time
    counted: str = ""  # what whoever opened it says that it knew


@dataclass(frozen=True, kw_only=True)
class Case:
    """One provider, and what is known of its breaker."""

    provider: str
    calls: Sequence[Call]  # by when they were made
    openings: Sequence[Opening]
    weather: Weather
    rule: Breaker

    @cached_property
    def made(self) -> Sequence[Call]:
        """Calls that were no probes."""
        return [call for call in self.calls if not call.ask.is_probe]

    @cached_property
    def probes(self) -> Sequence[float]:
        """When it was probed."""
        return [call.ask.at for call in self.calls if call.ask.is_probe]

    def between(self, since: float, until: float) -> list[Call]:
        """Calls, but for probes, that were made then."""
        return [call for call in self.made if since < call.ask.at < until]


def left_alone(records: Records) -> Found:
    """Every breaker of every provider."""
    for provider in PROVIDERS:
        case = case_of(records, provider)
        for check in (_obeyed, _probed, _opened, _grounded, _closed, _ramped):
            for told in check(case):
                yield f"{provider}: {told}"


def case_of(records: Records, provider: str) -> Case:
    """What is known of that one."""
    calls = [call for call in records.calls if call.ask.provider == provider]
    return Case(
        provider=provider,
        calls=sorted(calls, key=lambda call: call.ask.at),
        openings=_openings(records, provider),
        weather=records.weather,
        rule=records.guards.breaker,
    )


def judged(records: Records) -> dict[str, int]:
    """How much of all that happened in quiet, so that something could be said of it."""
    found: dict[str, int] = defaultdict(int)
    for case in (case_of(records, provider) for provider in PROVIDERS):
        found["openings"] += len(case.openings)
        found["openings_in_quiet"] += sum(case.weather.is_calm(o.at, o.at) for o in case.openings)
        found["probes"] += len(case.probes)
        found["outages"] += len(case.weather.outages(case.provider))
        found["outages_in_quiet"] += len(_quiet_outages(case))
        found["closings_in_quiet"] += len(_healed(case))
    return dict(found)


def _openings(records: Records, provider: str) -> list[Opening]:
    """As the fleet's notices have them."""
    changes = sorted(
        (records.true(one.at), one.kind == "breaker.opened", one.body)
        for one in records.notices
        if one.kind in ("breaker.opened", "breaker.closed") and _is_of(one.subject, provider)
    )
    found: list[Opening] = []
    opened, closed, counted = inf, 0.0, ""
    for at, opens, body in changes:
        if opens and opened == inf:
            opened, counted = at, body
        elif not opens and opened < inf:
            found.append(Opening(at=opened, until=at, before=closed, counted=counted))
            opened, closed = inf, at
    if opened < inf:
        found.append(Opening(at=opened, until=inf, before=closed, counted=counted))
    return found


def _is_of(subject: str, provider: str) -> bool:
    return subject.partition("@")[0] == provider


def _obeyed(case: Case) -> Found:
    """Once everybody has heard that it is open, nobody asks but who probes."""
    for one in case.openings:
        for call in case.between(one.at + HEARD, one.until):
            if case.weather.is_calm(one.at - HEARD, call.ask.at):
                yield f"asked {call.ask.at - one.at:.1f} s after it had opened at {one.at:.1f}"


def _probed(case: Case) -> Found:
    """One probe an interval, of all the fleet."""
    for one in case.openings:
        probes = [at for at in case.probes if one.at <= at < one.until]
        for earlier, later in pairwise([one.at, *probes]):
            early = later - earlier < case.rule.open_seconds * NEARLY
            if early and case.weather.is_calm(one.at, later):
                yield f"probed at {earlier:.1f} and {later - earlier:.2f} s later"


def _quiet_outages(case: Case) -> list[Spell]:
    weather = case.weather
    return [
        spell
        for spell in weather.outages(case.provider)
        if weather.is_calm(spell.at - HEARD, spell.until)
    ]


def _opened(case: Case) -> Found:
    """It opens within so many calls of an outage, and those in flight."""
    for spell in _quiet_outages(case):
        closings = [one.until for one in case.openings if spell.at < one.until < spell.until]
        for since in (spell.at, *closings):
            opens = min((o.at for o in case.openings if o.at > since), default=inf)
            if any(o.at <= since < o.until for o in case.openings):
                continue
            made = case.between(since, min(opens, spell.until))
            ended = sorted(call.ask.until for call in made if call.ask.until)
            if len(ended) >= ENOUGH:
                known = ended[ENOUGH - 1]
                late = [call for call in made if call.ask.at > known + HEARD]
                if late:
                    yield f"{len(late)} asked after {ENOUGH} calls of {spell.profile} ({since:.1f})"


def _grounded(case: Case) -> Found:
    """It never opens but where so many calls have failed: at one in twenty it stays closed."""
    rule = case.rule
    for one in case.openings:
        since = max(one.at - rule.window_seconds - HEARD, one.before)
        share = max(_shares(case, since, one), default=0.0)
        if share < rule.failure_share * NEARLY and case.weather.is_calm(since, one.at):
            yield f"opened at {one.at:.1f} when {share:.0%} had failed: {one.counted}"


def _shares(case: Case, since: float, one: Opening) -> Iterator[float]:
    """The share of failures that anybody may have seen about that moment."""
    rule = case.rule
    counted = shares(
        [call for call in case.made if call.ask.at > max(since - rule.window_seconds, one.before)],
        since=since,
        until=one.at + HEARD,
        newest=rule.last_calls,
        least=rule.least_calls,
    )
    yield from (share for at, share in counted if at >= one.at - HEARD)


def _healed(case: Case) -> list[tuple[Spell, Opening]]:
    """Outages that were over in quiet with the breaker open, and that opening."""
    return [
        (spell, one)
        for spell in case.weather.outages(case.provider)
        for one in case.openings
        if one.at <= spell.until < one.until
        and case.weather.is_calm(spell.at, spell.until + _patience(case))
        and not case.weather.is_bad(case.provider, spell.until, spell.until + _patience(case))
    ]


def _patience(case: Case) -> float:
    """Two of its longest intervals, as long as it takes to send somebody to probe, and a probe."""
    return 2 * case.rule.most_open_seconds + PROBE_SECONDS + SLACK


def _closed(case: Case) -> Found:
    """Two intervals after the outage is over it is closed again."""
    for spell, one in _healed(case):
        if (took := one.until - spell.until) > _patience(case):
            yield f"closed {took:.1f} s after {spell.profile} was over"


def _ramped(case: Case) -> Found:
    """Who comes back is not trampled: at first fewer call than once the ramp is over."""
    ramp = case.rule.ramp_seconds
    for one in case.openings:
        after = one.until + ramp
        first = len(case.between(one.until, one.until + START * ramp))
        then = len(case.between(after, after + START * ramp))
        if case.weather.is_calm(one.until - HEARD, after) and first > max(FEW, then):
            yield f"{first} calls at once when it had closed at {one.until:.1f}, {then} later"
