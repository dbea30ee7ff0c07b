"""A storm is known from its seed before it begins."""

from collections import Counter

import pytest

from tests.chaos.plan import FIRST_AT, HEAVY, Kind, plan
from tests.chaos.script import Family, script
from tests.chaos.storm import Orders


def test_the_same_seed_is_the_same_storm() -> None:
    assert plan(7, 300, Kind) == plan(7, 300, Kind)
    assert plan(7, 300, Kind) != plan(8, 300, Kind)


def test_strikes_come_in_times_order_and_all_within_the_storm() -> None:
    times = [strike.at for strike in plan(7, 300, Kind)]
    assert times == sorted(times)
    assert FIRST_AT <= times[0] <= times[-1] <= 300


def test_every_kind_comes_and_a_worker_is_killed_most_often() -> None:
    counts = Counter(strike.kind for strike in plan(7, 1_800, Kind))
    assert set(counts) == set(Kind)
    heavy = Counter({kind: counts[kind] for kind in HEAVY})
    [(kind, most), (_, next_most), *_] = heavy.most_common()
    assert kind is Kind.WORKER_KILL
    assert most > 1.5 * next_most


def test_only_what_was_asked_for() -> None:
    orders = Orders(seed=1, minutes=1, ledger="sqlite", tickets=1, only=("flushall",))
    assert {strike.kind for strike in plan(1, 300, orders.kinds(may_fill=True))} == {Kind.FLUSHALL}


def test_what_a_ledger_does_not_have_is_not_struck() -> None:
    sqlite = Orders(seed=1, minutes=1, ledger="sqlite", tickets=1)
    assert Kind.POSTGRES_KILL not in sqlite.kinds(may_fill=True)
    assert Kind.DISK_FULL in sqlite.kinds(may_fill=True)
    assert Kind.DISK_FULL not in sqlite.kinds(may_fill=False)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_tickets_script_is_a_function_of_seed_and_number(seed: int) -> None:
    scripts = [script(seed, number) for number in range(2_600)]
    assert scripts == [script(seed, number) for number in range(2_600)]
    assert {one.family for one in scripts} == set(Family)
    assert len({one.line() for one in scripts}) == len(scripts)
