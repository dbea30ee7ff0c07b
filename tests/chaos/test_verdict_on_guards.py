"""The judge of money, retries and breakers has to be red where something is wrong, and only there.

A minute and a half of one provider: it is well, it is away for ten seconds and left alone, it is
probed, and its fleet comes back.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from config.guards import Breaker, Guards, Retries
from config.tiers import Model, Price, Tier, Tiers
from tasks.accounts import account_of
from tasks.run import RunId
from tests.chaos.calls import Ask, Call, Request
from tests.chaos.dossier import dossiers
from tests.chaos.evidence import Records
from tests.chaos.plan import Kind
from tests.chaos.verdict import INVARIANTS
from tests.chaos.verdict_on_breakers import judged
from tests.chaos.weather import Lean, Spell
from tests.ledgers import an_arrival, take_in
from tests.twins.clock import NOON
from worker.ledgers.accounting import Total
from worker.ledgers.noticing import Notice
from worker.ledgers.sql import SqlLedger

GUARDS = Guards(
    breaker=Breaker(open_seconds=1.0, most_open_seconds=4.0, ramp_seconds=3.0),
    retries=Retries(floor=5, share=0.1),
)
PRICE = Price(input=Decimal(1), output=Decimal(2))
MODEL, ACCOUNT = "openai/made-up", account_of(NOON, "economy")
BOUND, COST = 1_000, 100
AWAY_AT, BACK_AT, OPENED_AT, CLOSED_AT = 60.0, 70.0, 62.0, 72.0

Tamper = Callable[[Records], None]


def a_call(at: float, *, seconds: float = 0.1, fault: str = "ok", **ask: Any) -> Call:  # noqa: ANN401 - an Ask's
    """One call, `at` seconds after noon; `fault` "refused" never gets to the provider."""
    failed = fault != "ok"
    told: dict[str, Any] = {
        "run": "r-1",
        "at": NOON + at,
        "until": NOON + at + seconds,
        "model": MODEL,
        "provider": "openai",
        "account": ACCOUNT,
        "reserved": BOUND,
        "charged": 0 if failed else COST,
        "failures": 0,
        "is_probe": False,
        "error": "ProviderDown" if failed else None,
    }
    request = Request(
        n=int(at * 1_000),
        ticket="C-000001",
        provider="openai",
        at=NOON + at,
        until=NOON + at + seconds,
        fault=fault,
        status=500 if failed else 200,
        outcome="answered",
        model="made-up",
        input_tokens=0 if failed else COST,
    )
    return Call(ask=Ask(**(told | ask)), request=None if fault == "refused" else request)


def _every(step: float, since: float, until: float, **call: Any) -> Iterable[Call]:  # noqa: ANN401 - as above
    return (a_call(since + n * step, **call) for n in range(int((until - since) / step)))


def _notice(kind: str, at: float) -> Notice:
    subject = "openai@127.0.0.1:1"
    return Notice(id=f"{kind}{at}", at=NOON + at, kind=f"breaker.{kind}", subject=subject, body="")


def tell(records: Records, calls: Iterable[Call]) -> None:
    """These calls are all that there are; the ledger's accounts fit them."""
    found = list(calls)
    requests = [call.request for call in found if call.request]
    records.requests = requests
    vars(records)["calls"] = found
    spent = sum(call.ask.charged for call in found)
    records.runs = [replace(records.runs[0], id=RunId("r-1"), micro_usd=spent)]
    records.accounts = {ACCOUNT: Total(reserved=0, spent=spent)}


def more(records: Records, calls: Iterable[Call]) -> None:
    """And these."""
    tell(records, [*records.calls, *calls])


@pytest.fixture
def records(ledger: SqlLedger, tmp_path: Path) -> Records:
    """All was as it has to be."""
    spell = Spell(
        kind=Kind.PROVIDER_DOWN,
        providers=("openai",),
        profile="error_500",
        at=NOON + AWAY_AT,
        seconds=BACK_AT - AWAY_AT,
        until=NOON + BACK_AT,
    )
    names = ("economy", "standard", "premium")
    found = Records(
        seed=1,
        brought=0,
        ledger=ledger,
        logs=tmp_path,
        guards=GUARDS,
        tiers=Tiers(
            default="economy",
            models=(Model(name=MODEL, price=PRICE, why="made up"),),
            tiers=tuple(Tier(name=name, models=(MODEL,), why="made up") for name in names),  # type: ignore[arg-type]
        ),
        runs=take_in(ledger, an_arrival("C-000001")),
    )
    found.weather.spells.append(spell)
    found.weather.leans.append(Lean(at=NOON + 80, until=NOON + 85, cap=1_000_000))
    found.notices = [_notice("opened", OPENED_AT), _notice("closed", CLOSED_AT)]
    probes = [(63.1, "error_500"), (65.2, "error_500"), (69.3, "refused"), (71.9, "ok")]
    tell(
        found,
        (
            *_every(1.0, 50, AWAY_AT),
            *_every(0.15, AWAY_AT, OPENED_AT, fault="error_500"),
            *(a_call(at, fault=fault, is_probe=True) for at, fault in probes),
            *_every(0.5, CLOSED_AT, CLOSED_AT + 3),
            *_every(0.2, CLOSED_AT + 3, 90),
            *_every(10.0, 80, 90, failures=1),
        ),
    )
    return found


def violations(records: Records) -> dict[str, list[str]]:
    """Of the three."""
    return {name: list(INVARIANTS[name](records)) for name in ("I6", "I7", "I8")}


def test_all_is_well_and_something_was_looked_at(records: Records) -> None:
    assert violations(records) == {"I6": [], "I7": [], "I8": []}
    assert judged(records) == {
        "openings": 1,
        "openings_in_quiet": 1,
        "probes": 4,
        "outages": 1,
        "outages_in_quiet": 1,
        "closings_in_quiet": 1,
    }


def _asked_without_money(records: Records) -> None:
    stray = a_call(75.55).request
    assert stray
    records.requests.append(stray)


def _cheaper_than_the_bill(records: Records) -> None:
    more(records, [a_call(75.0, charged=COST - 1)])


def _an_orphan_set_free(records: Records) -> None:
    more(records, [a_call(75.0, charged=BOUND, until=None)])
    records.runs = [replace(records.runs[0], micro_usd=records.runs[0].micro_usd - BOUND)]


def _dearer_than_its_bound(records: Records) -> None:
    more(records, [a_call(75.0, charged=BOUND + 1)])


def _still_set_aside(records: Records) -> None:
    spent = records.accounts[ACCOUNT].spent
    records.accounts = {ACCOUNT: Total(reserved=BOUND, spent=spent)}


def _booked_for_less(records: Records) -> None:
    spent = records.accounts[ACCOUNT].spent
    records.accounts = {ACCOUNT: Total(reserved=0, spent=spent - 1)}


def _above_the_cap(records: Records) -> None:
    records.weather.leans = [Lean(at=NOON + 80, until=NOON + 85, cap=COST)]


def _too_many_retries(records: Records) -> None:
    more(records, _every(1.0, 75, 89, failures=1))


def _after_redis_forgot(records: Records) -> None:
    records.weather.forgotten.append(NOON + 85)
    more(records, _every(0.1, 88, 90, failures=1))


def _asked_while_open(records: Records) -> None:
    more(records, [a_call(67.0, fault="error_500")])


def _asked_while_refused(records: Records) -> None:
    more(records, [a_call(67.0, fault="refused")])


def _two_probes_at_once(records: Records) -> None:
    more(records, [a_call(65.5, fault="error_500", is_probe=True)])


def _probed_at_once(records: Records) -> None:
    more(records, [a_call(OPENED_AT + 0.2, fault="error_500", is_probe=True)])


def _never_opened(records: Records) -> None:
    records.notices = []
    more(records, _every(0.3, OPENED_AT, BACK_AT, fault="error_500"))


def _opened_for_nothing(records: Records) -> None:
    records.notices += [_notice("opened", 58.0), _notice("closed", 59.5)]


def _never_closed(records: Records) -> None:
    records.notices = records.notices[:1]
    tell(records, [call for call in records.calls if call.ask.at < NOON + CLOSED_AT])


def _trampled(records: Records) -> None:
    more(records, _every(0.01, CLOSED_AT + 0.1, CLOSED_AT + 0.5))


VIOLATIONS: dict[Tamper, str] = {
    _asked_without_money: "I6",
    _cheaper_than_the_bill: "I6",
    _an_orphan_set_free: "I6",
    _dearer_than_its_bound: "I6",
    _still_set_aside: "I6",
    _booked_for_less: "I6",
    _above_the_cap: "I6",
    _too_many_retries: "I7",
    _after_redis_forgot: "I7",
    _asked_while_open: "I8",
    _asked_while_refused: "I8",
    _two_probes_at_once: "I8",
    _probed_at_once: "I8",
    _never_opened: "I8",
    _opened_for_nothing: "I8",
    _never_closed: "I8",
    _trampled: "I8",
}


@pytest.mark.parametrize(
    ("tamper", "violated"), VIOLATIONS.items(), ids=[one.__name__ for one in VIOLATIONS]
)
def test_a_violation_is_named_and_no_other_is(
    records: Records, tamper: Tamper, violated: str
) -> None:
    tamper(records)
    assert [name for name, found in violations(records).items() if found] == [violated]


@pytest.mark.parametrize("tamper", [_asked_while_open, _two_probes_at_once, _never_opened])
def test_while_redis_was_away_each_process_was_on_its_own(records: Records, tamper: Tamper) -> None:
    records.weather.rough.append((NOON + 58, NOON + 75))
    tamper(records)
    assert violations(records)["I8"] == []
    assert judged(records)["outages_in_quiet"] == 0


def test_what_redis_may_have_forgotten_is_not_counted(records: Records) -> None:
    """It came back with what it had written down: its successes, and most of its retries."""
    more(records, _every(0.3, 73.2, 75.1, failures=1))
    more(records, _every(0.3, 79.2, 81.1, failures=1))
    assert violations(records)["I7"]
    records.weather.shaken.append(NOON + 77)
    assert violations(records)["I7"] == []


def test_a_rush_of_retries_is_described(records: Records) -> None:
    _too_many_retries(records)
    [(name, rows)] = dossiers(records, {"I7": violations(records)["I7"]}).items()
    assert name.startswith("retries ")
    assert len(cast("list[object]", rows)) > records.guards.retries.floor


def test_while_nobody_works_nobody_probes(records: Records) -> None:
    """All workers were dead for a while."""
    for tick in range(100):
        records.weather.nobody_works(NOON + 68 + tick * 0.05)
    [(since, until)] = records.weather.rough
    assert (since, until) == pytest.approx((NOON + 68, NOON + 72.95))
    _never_closed(records)
    assert violations(records)["I8"] == []
