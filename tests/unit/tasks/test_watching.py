"""The alarm comes soon where people correct more than they did, and hardly ever where not."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import exp
from pathlib import Path
from random import Random
from statistics import median

import pytest

from config.policy import Watch
from tasks.corrections import FIELDS
from tasks.watching import (
    DAY,
    HOUR,
    Decided,
    Judged,
    Stretch,
    Wrong,
    evidence,
    watch,
)

RULE = Watch()
BANK = Path(__file__).parents[3] / "fixtures" / "bank"
SEEDS = 50
A_DAY = 500  # tickets
CORRECTED = 0.3  # of what is wrong
LATE = 6 * HOUR  # a correction comes so long after its ticket, on average
BEFORE = 84  # days of a past: as much as the rule looks back at
DAYS = 30  # that are watched
NEVER = 10**6


@cache
def mix() -> Mapping[str, float]:
    """Issue type -> its share, in the bank's own tickets."""
    with (BANK / "intent_to_issue_type.csv").open() as file:
        types = {row["intent"]: row["issue_type"] for row in csv.DictReader(file)}
    with (BANK / "train.csv").open() as file:
        counts = Counter(types[row["intent"]] for row in csv.DictReader(file))
    return {name: count / counts.total() for name, count in sorted(counts.items())}


@dataclass(frozen=True, kw_only=True)
class Firm:
    """Tickets of nearly four months; `wrong` with the moment at which each was corrected."""

    decided: tuple[Decided, ...]
    wrong: tuple[tuple[float, Wrong], ...]

    def looks(self, every: float) -> Iterator[tuple[float, tuple[Judged, ...]]]:
        """The day, and what is judged then from what is known by then; `every` so many days."""
        day = BEFORE + every
        while day <= BEFORE + DAYS:
            known = [one for at, one in self.wrong if at <= day * DAY]
            yield day, watch(self.decided, known, now=day * DAY, rule=RULE)
            day += every


@cache
def tickets() -> tuple[Decided, ...]:
    """As they come in, a quarter of a day at a time."""
    found, quarters = [], (BEFORE + DAYS) * 4
    for name, share in mix().items():
        each = A_DAY * share / 4
        found += [
            Decided(
                issue_type=name,
                at=quarter * DAY / 4,
                tickets=int(each * (quarter + 1)) - int(each * quarter),
            )
            for quarter in range(quarters)
        ]
    return tuple(found)


def firm(
    seed: int,
    *,
    usually: float,
    sick: str | None = None,
    then: float = 0.08,
    lost: bool = False,
    uneven: float = 1.0,
) -> Firm:
    """`usually` is wrong in each field; from BEFORE on `then` of the issue types of `sick`.

    `uneven`: so many times as much in the last type as in the first one.

    `lost`: its tickets are taken for others, else others for it. The usual ones are both.
    """
    chance = Random(seed)
    names, end = list(mix()), (BEFORE + DAYS) * DAY
    wrong: list[tuple[float, Wrong]] = []

    def happen(name: str, field: str, share: float, since: float, *, missing: bool) -> None:
        at = since
        while (at := at + chance.expovariate(A_DAY * mix()[name] * share * CORRECTED / DAY)) < end:
            other = chance.choice([one for one in names if one != name])
            said, truth = (other, name) if missing else (name, other)
            told = at + chance.expovariate(1 / LATE)
            is_type = field == "issue_type"
            error = Wrong(field=field, at=at, said=said, truth=truth if is_type else None)
            wrong.append((told, error))

    for place, name in enumerate(names):
        share = usually * uneven ** (place / (len(names) - 1) - 0.5)
        for field in FIELDS:
            happen(name, field, share, 0.0, missing=False)
    if sick:
        happen(sick, "issue_type", then - usually, BEFORE * DAY, missing=lost)
    return Firm(decided=tickets(), wrong=tuple(wrong))


def false_alarms(usually: float, seeds: int = SEEDS, *, uneven: float = 1.0) -> list[int]:
    """How many fields of types had one in the 30 days of each seed."""
    return [
        len(
            {
                (one.field, one.missing, one.issue_type)
                for _, judged in firm(seed, usually=usually, uneven=uneven).looks(1.0)
                for one in judged
                if one.alarms
            }
        )
        for seed in range(seeds)
    ]


def until_the_alarm(
    usually: float, sick: str, *, lost: bool, seeds: int = SEEDS, every: float = 0.5
) -> list[int]:
    """Tickets of the type that came before it, in each seed."""
    found = []
    for seed in range(seeds):
        made = firm(1_000 + seed, usually=usually, sick=sick, lost=lost)
        alarms = (
            day
            for day, judged in made.looks(every)
            if any(one.alarms and one.issue_type == sick for one in judged)
        )
        day = next(alarms, None)
        took = NEVER if day is None else round((day - BEFORE) * A_DAY * mix()[sick])
        found.append(took)
    return found


def _watched(right: int, wrong: int, *, past: int = 20_000, usual: float = 0.006) -> list[Judged]:
    """After so many tickets of one type, a day's apart, so many of the last ones corrected."""
    now = 100 * DAY
    old = [Decided(issue_type="card", at=60 * DAY, tickets=past)]
    bad = [Wrong(field="queue", at=60 * DAY, said="card")] * round(past * usual)
    new = [Decided(issue_type="card", at=99 * DAY, tickets=right + wrong)]
    bad += [Wrong(field="queue", at=99 * DAY, said="card")] * wrong
    return [one for one in watch([*old, *new], bad, now=now, rule=RULE) if one.field == "queue"]


def test_as_many_as_ever_are_no_alarm_and_many_more_are() -> None:
    [calm], [ill] = _watched(994, 6), _watched(960, 40)
    assert not calm.alarms
    assert ill.alarms
    assert (ill.tickets, ill.wrong) == (1_000, 40)
    assert calm.usual == ill.usual == pytest.approx(0.0075, rel=0.05)


def test_without_a_past_nothing_is_judged() -> None:
    [young] = _watched(100, 80, past=999)
    assert young.usual is None
    assert not young.alarms
    assert watch([], [], now=0.0, rule=RULE) == ()


def test_an_alarm_goes_on_for_a_while_and_ends() -> None:
    decided = [Decided(issue_type="card", at=day * DAY, tickets=500) for day in range(60, 130)]
    wrong = [
        Wrong(field="queue", at=day * DAY, said="card")
        for day in range(60, 130)
        for _ in range(25 if day == 110 else 2)
    ]

    def alarms(day: int) -> bool:
        judged = watch(
            [one for one in decided if one.at <= day * DAY],
            [one for one in wrong if one.at <= day * DAY],
            now=day * DAY + 1,
            rule=RULE,
        )
        return any(one.alarms for one in judged)

    assert [alarms(day) for day in (109, 110, 114, 129)] == [False, True, True, False]


def test_of_right_ones_in_a_row_the_sum_is_the_same_as_one_by_one() -> None:
    at_once = list(evidence([Stretch(400, 2, 0.0), Stretch(7, 1, 0.0)], 0.01, 3.0))
    apart = [Stretch(1, 0, 0.0)] * 399 + [Stretch(1, 2, 0.0)] + [Stretch(7, 1, 0.0)]
    assert at_once == pytest.approx([list(evidence(apart, 0.01, 3.0))[n] for n in (399, 400)])


def test_r_less_the_tickets_is_a_martingale_at_the_usual_rate() -> None:
    """That is what bounds false alarms: after any ticket it is expected to grow by just one."""
    usual, times, before = 0.01, 3.0, Stretch(250, 3, 0.0)
    [*_, right] = evidence([before, Stretch(1, 0, 0.0)], usual, times)
    [*_, wrong] = evidence([before, Stretch(0, 1, 0.0)], usual, times)
    [now] = evidence([before], usual, times)
    expected = (1 - usual) * exp(right) + usual * exp(wrong)
    assert expected == pytest.approx(exp(now) + 1)


def test_no_number_of_corrections_is_too_large() -> None:
    assert list(evidence([Stretch(0, 100_000, 0.0)], 0.29, 3.0)) == pytest.approx([600.0])
    [all_wrong] = _watched(0, 5_000, usual=1.0)
    assert all_wrong.usual == 0.99


@pytest.mark.timeout(180)
def test_who_is_well_is_hardly_ever_alarmed() -> None:
    """500 tickets a day, 30 days, four looks at each of nine types: at most one false alarm."""
    for usually in (0.01, 0.02):
        alarms = false_alarms(usually)
        assert sum(alarms) / len(alarms) <= 1.0, (usually, alarms)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("lost", [False, True])
def test_a_type_of_which_8_in_100_go_wrong_is_told_within_400_tickets_of_it(lost: bool) -> None:  # noqa: FBT001 - a parameter
    """Though people correct three in ten of them, hours later."""
    took = until_the_alarm(0.01, "account", lost=lost)
    assert median(took) <= 400, took
