"""Whether people correct a kind of ticket more often than they used to: a sequential test. Pure.

Of each field and issue type the tickets stand in the order in which they were decided; each was
corrected by now or not. Its usual rate of corrections is learnt from the past before the window,
drawn towards that of all types where there is little of it. A rise that is tolerated is allowed
for. Then the Shiryaev-Roberts statistic runs through the window: R becomes (R + 1) times the
likelihood of the ticket under the rise that is looked for, over that under the usual rate.

While the rate is no higher than the tolerated one, R less the number of tickets is a
supermartingale that begins at none, so in so many tickets R reaches `bound` with a probability of
at most their number over the bound, whatever their number, and on average not before `bound`
tickets have passed (Pollak 1985, Annals of Statistics 13; as an e-detector: Shin, Ramdas and
Rinaldo 2024, NEJSDS 2). So the bound is how many tickets, each once for each field, come in the
time in which one false alarm is accepted. What is not known exactly is the usual rate; what that
costs is measured (docs/truth.md).

A ticket that nobody has corrected yet counts as right. That only makes R smaller: who corrects
late delays the alarm and causes none.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import exp, inf, log

from config.policy import Watch

DAY = 86_400.0
HOUR = 3_600.0
WEEK = 7 * DAY
LOOKS = (("issue_type", False), ("issue_type", True), ("priority", False), ("queue", False))
"""Field, and whether it is about what belongs to a type and was put elsewhere.

Both ways apart: together each would hide behind what is usual in the other.
"""

PRIOR_WRONG, PRIOR_TICKETS = 1.0, 200.0
"""Of every field, before anything is known of it: one correction in so many tickets."""

MOST_SHARE = 0.99
"""Of tickets that are usually corrected: where all are, nothing can become worse."""

MOST_LOG = 600.0
"""Of R: far beyond every bound, and a number that a float holds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """So many tickets of that type were decided in the hour that begins at `at`, epoch seconds."""

    issue_type: str
    at: float
    tickets: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrong:
    """A ticket that was decided at `at` is corrected in this field.

    It counts for the issue type that was decided, `said`; of the field issue_type it counts for the
    right one too, `truth`, from which it is missing.
    """

    field: str
    at: float
    said: str
    truth: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """How a field of an issue type stands. `usual` is None while there is too little of a past.

    `missing`: it is about what belongs to the type and was put elsewhere, and not about what was
    put there. `tickets` and `wrong` (corrected) are those of the window. `peak`: the natural
    logarithm of the largest R of late, `bound` that of where it is an alarm.
    """

    field: str
    missing: bool
    issue_type: str
    tickets: int
    wrong: int
    usual: float | None
    peak: float
    bound: float

    @property
    def alarms(self) -> bool:
        """Whether it is corrected more often than it was, beyond what chance does."""
        return self.usual is not None and self.peak >= self.bound


@dataclass(frozen=True, slots=True)
class Stretch:
    """So many tickets in a row that are right, and the wrong ones at `at` that end them."""

    right: int
    wrong: int
    at: float


def watch(
    decided: Sequence[Decided], wrong: Sequence[Wrong], *, now: float, rule: Watch
) -> tuple[Judged, ...]:
    """Each field of each issue type that was decided in the window, by their names."""
    known = [one for one in decided if one.at <= now]
    if not known:
        return ()
    first = max(min(one.at for one in known), now - (rule.past_days + rule.window_days) * DAY)
    start = max(now - rule.window_days * DAY, (first + now) / 2)  # a young fleet has half of each
    start -= start % HOUR  # an hour is either past or not
    looked = _Look(first=first, start=start, late=now - rule.hold_days * DAY, rule=rule)
    days = max(1.0, (now - max(first, now - WEEK)) / DAY)
    lately = sum(one.tickets for one in known if one.at >= now - WEEK)
    bound = max(rule.least_bound, lately / days * rule.false_alarm_days * len(LOOKS))
    streams = _streams(known, first)
    judged = (
        looked.judge(field, streams, errors, log(bound), missing=missing)
        for field, missing in LOOKS
        for errors in [_errors(wrong, field, looked, now, missing=missing)]
    )
    return tuple(one for some in judged for one in some if one.tickets)


def evidence(stretches: Iterable[Stretch], usual: float, times: float) -> Iterator[float]:
    """The natural logarithm of R after each stretch; `times` the odds is what is looked for.

    Of n tickets in a row that are right R becomes R c^n + c (1 - c^n) / (1 - c).
    """
    risen = times * usual / (1 - usual + times * usual)
    for_wrong, for_right = risen / usual, (1 - risen) / (1 - usual)
    held = 0.0
    for one in stretches:
        kept = for_right**one.right
        held = held * kept + for_right * (1 - kept) / (1 - for_right)
        for _ in range(one.wrong):
            held = min((held + 1) * for_wrong, exp(MOST_LOG))
        yield log(held) if held > 0 else -MOST_LOG


@dataclass(frozen=True, slots=True)
class _Stream:
    """The tickets of one type: hours, and how many there were before each."""

    hours: tuple[float, ...]
    before: tuple[int, ...]  # and of all, last

    def between(self, since: float, until: float = inf) -> int:
        """Tickets of the hours from one moment to before another."""
        places = (bisect_left(self.hours, since), bisect_left(self.hours, until))
        return self.before[places[1]] - self.before[places[0]]


Errors = Mapping[str, Sequence[float]]
"""Issue type -> the hours of what is wrong, oldest first."""


def _streams(decided: Iterable[Decided], first: float) -> Mapping[str, _Stream]:
    counts: dict[str, Counter[float]] = defaultdict(Counter)
    for one in decided:
        if one.at >= first:
            counts[one.issue_type][one.at] += one.tickets
    return {
        name: _Stream(
            hours=tuple(sorted(hours)),
            before=(0, *accumulate(hours[hour] for hour in sorted(hours))),
        )
        for name, hours in sorted(counts.items())
    }


def _errors(
    wrong: Iterable[Wrong], field: str, look: "_Look", now: float, *, missing: bool
) -> Errors:
    found: dict[str, list[float]] = defaultdict(list)
    for one in wrong:
        hour, name = one.at - one.at % HOUR, one.truth if missing else one.said
        if one.field == field and name is not None and look.first <= hour <= now:
            found[name].append(hour)
    return {name: sorted(hours) for name, hours in found.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """One look: from when on there is a past, and a window; from when on a peak is of late."""

    first: float
    start: float
    late: float
    rule: Watch

    def judge(
        self,
        field: str,
        streams: Mapping[str, _Stream],
        errors: Errors,
        bound: float,
        *,
        missing: bool,
    ) -> Iterator[Judged]:
        """Every type of that field; what is missing from one stands in no count of it yet."""
        usual = self._usual(streams, errors, missing=missing)
        for name, stream in streams.items():
            inside = [hour for hour in errors.get(name, ()) if hour >= self.start]
            rate = usual.get(name)
            peak = -MOST_LOG
            if rate is not None:
                stretches = list(_stretches(stream, inside, self.start, missing=missing))
                peak = self._peak(stretches, rate)
            yield Judged(
                field=field,
                missing=missing,
                issue_type=name,
                tickets=stream.between(self.start) + missing * len(inside),
                wrong=len(inside),
                usual=rate,
                peak=peak,
                bound=bound,
            )

    def _usual(
        self, streams: Mapping[str, _Stream], errors: Errors, *, missing: bool
    ) -> Mapping[str, float]:
        """Of each type the rate that is put up with; none while all have too little of a past."""
        rule, pasts = self.rule, dict[str, tuple[int, int]]()
        for name, stream in streams.items():
            bad = bisect_left(errors.get(name, ()), self.start)
            pasts[name] = (stream.between(self.first, self.start) + missing * bad, bad)
        tickets = sum(count for count, _ in pasts.values())
        if tickets < rule.least_past:
            return {}
        wrong = sum(bad for _, bad in pasts.values())
        common = (wrong + PRIOR_WRONG) / (tickets + PRIOR_TICKETS)
        rates = {
            name: (bad + rule.drawn_by * common) / (count + rule.drawn_by) * rule.tolerated
            for name, (count, bad) in pasts.items()
        }
        return {name: min(max(rate, rule.least_rate), MOST_SHARE) for name, rate in rates.items()}

    def _peak(self, stretches: Sequence[Stretch], usual: float) -> float:
        values = zip(stretches, evidence(stretches, usual, self.rule.times), strict=True)
        return max((value for one, value in values if one.at >= self.late), default=-MOST_LOG)


def _stretches(
    stream: _Stream, errors: Sequence[float], start: float, *, missing: bool
) -> Iterator[Stretch]:
    """Within an hour nobody knows their order: the wrong ones stand evenly among the right ones."""
    last, right = start, 0
    for hour, wrong in sorted(Counter(errors).items()):
        inside = stream.between(hour, hour + HOUR) - (0 if missing else wrong)
        each, rest = divmod(max(0, inside), wrong + 1)
        right += stream.between(last, hour)
        for _ in range(wrong):
            yield Stretch(right + each, 1, hour)
            right = 0
        last, right = hour + HOUR, each + rest
    yield Stretch(right + stream.between(last), 0, stream.hours[-1])
