"""What raises an alert, and what just does not: a table with both sides of each boundary."""

from dataclasses import replace

import pytest

from config.alerts import AlertKind
from tasks.run import State
from tasks.watching import Judged
from tests.twins.clock import NOON
from tests.unit.worker.alerts.pictures import CONFIG, WORKER, a_picture, books, found
from worker.alerts.picture import Rates, Shares
from worker.alerts.raised import raised
from worker.guards.standing import Standing, StandingState
from worker.ledgers.accounting import Account
from worker.ledgers.switching import GuardOff

HOUR = 3_600.0
OFF = GuardOff(name="breaker", until=NOON + 60, since=NOON - 60, by="ada", why="a test of ours")


def _standing(
    name: str, seconds: float, state: StandingState = "open", **said: str | None
) -> Standing:
    lets = 1.0 if state == "closed" else 0.5 if state == "ramp" else 0.0
    told = {"by": said.get("by"), "why": said.get("why")}
    since = NOON - seconds
    return Standing(
        name=name, state=state, since=since, failing=None, calls=0, probe_in=None, lets=lets, **told
    )


def _breaker(name: str, seconds: float, state: StandingState = "open") -> dict[str, object]:
    return {"breakers": (_standing(name, seconds, state),)}


def _account(spent: int, reserved: int = 0, waiting: int = 0) -> dict[str, object]:
    account = Account(scope="fleet", spent=spent, reserved=reserved, cap=1_000, waiting=waiting)
    return {"accounts": (account,)}


def _worked(seconds: float) -> dict[str, object]:
    return {"alive": (replace(WORKER, started_at=NOON - seconds),), "polled": {"helpdesk": None}}


def _judged(peak: float, *, missing: bool = False) -> dict[str, object]:
    one = Judged(
        field="issue_type",
        missing=missing,
        issue_type="card",
        tickets=400,
        wrong=12,
        usual=0.004,
        peak=peak,
        bound=11.0,
    )
    return {"judged": (one, replace(one, issue_type="cash", usual=None, peak=20.0))}


def _names(*names: tuple[str, float]) -> dict[str, object]:
    return {"answers": {"openai/m": dict(names)}}


ALERTS: dict[str, tuple[dict[str, object], list[tuple[str, str]]]] = {
    "a fleet that works": ({}, []),
    "books that differ": ({"books": books(lost=1)}, [("books differ", "books")]),
    "corrections that are as usual": (_judged(10.9), []),
    "more corrections than usual": (_judged(11.0), [("accuracy", "accuracy:issue_type:card")]),
    "more that belong there": (
        _judged(11.0, missing=True),
        [("accuracy", "accuracy:issue_type:card:missing")],
    ),
    "a broker that is silent": ({"broker_answers": False}, [("broker down", "broker")]),
    "unrouted tickets and nobody": (
        {"alive": (), "books": books(queued=2)},
        [("no worker", "workers")],
    ),
    "a backfill's tickets and nobody": (
        {"alive": (), "books": books(queued=2), "backfill": {State.QUEUED: 2, State.DEAD: 1}},
        [],
    ),
    "one that is none of them, and nobody": (
        {"alive": (), "books": books(queued=3), "backfill": {State.QUEUED: 2}},
        [("no worker", "workers")],
    ),
    "they have moved while they were counted": (
        {"alive": (), "books": books(queued=1), "backfill": {State.QUEUED: 2}},
        [],
    ),
    "nobody, and nothing to do": ({"alive": (), "books": books(written=2)}, []),
    "whoever was there has died": ({"alive": (), "lost": 1}, [("no worker", "workers")]),
    "one of them has died": ({"lost": 1}, []),
    "a breaker open for 5 minutes": (
        _breaker("openai", 300),
        [("breaker open", "breaker:openai")],
    ),
    "a breaker open for less": (_breaker("openai", 299), []),
    "one that is probed meanwhile": (
        _breaker("openai", 300, "probing"),
        [("breaker open", "breaker:openai")],
    ),
    "one that an operator holds open": (
        _breaker("openai", 300, "tripped"),
        [("breaker open", "breaker:openai")],
    ),
    "a breaker that has closed": (_breaker("openai", 900, "closed"), []),
    "one that lets some through again": (_breaker("openai", 900, "ramp"), []),
    "a wrong key": (
        _breaker("credential:OPENAI_API_KEY", 0),
        [("misconfigured", "credential:OPENAI_API_KEY")],
    ),
    "a model that nobody has": (
        _breaker("model:openai/x", 0),
        [("misconfigured", "model:openai/x")],
    ),
    "a key that works": (_breaker("credential:OPENAI_API_KEY", 9, "closed"), []),
    "runs that are parked for a key": (
        {**_breaker("credential:K", 0), "parked": {"credential:K": 2_000}},
        [("misconfigured", "credential:K")],
    ),
    "runs that are parked for something": ({"parked": {"": 3}}, [("misconfigured", "parked")]),
    "80 % of a cap": (_account(800), [("cap near", "cap-near:fleet")]),
    "80 % of it with what is reserved": (_account(700, 100), [("cap near", "cap-near:fleet")]),
    "less than that": (_account(700, 99), []),
    "all of it": (_account(1_000), [("cap reached", "cap:fleet")]),
    "the next call does not fit": (_account(750, waiting=1), [("cap reached", "cap:fleet")]),
    "a source not read for 90 s": (
        {"polled": {"helpdesk": NOON - 91}},
        [("not polled", "source:helpdesk")],
    ),
    "one that was read within them": ({"polled": {"helpdesk": NOON - 90}}, []),
    "one never read, and they work since": (_worked(91), [("not polled", "source:helpdesk")]),
    "one not read yet": (_worked(90), []),
    "nobody is there to read it": ({"alive": (), "polled": {"helpdesk": NOON - HOUR}}, []),
    "attempts that fail": (
        {"rates": Rates(claimed=99, failed=20)},
        [("many errors", "errors")],
    ),
    "few of many": ({"rates": Rates(claimed=100, failed=20)}, []),
    "few": ({"rates": Rates(claimed=19, failed=19)}, []),
    "dead letters": ({"rates": Rates(buried=20, ended=399)}, [("many dead", "dead")]),
    "few dead of many": ({"rates": Rates(buried=20, ended=400)}, []),
    "few dead": ({"rates": Rates(buried=19, ended=19)}, []),
    "reviews": ({"shares": Shares(routed=100, in_review=16)}, [("many in review", "review")]),
    "15 % of them": ({"shares": Shares(routed=100, in_review=15)}, []),
    "reviews of few tickets": ({"shares": Shares(routed=49, in_review=49)}, []),
    "escalations": (
        {"shares": Shares(validated=50, escalated=8)},
        [("many escalated", "escalated")],
    ),
    "15 % of those": ({"shares": Shares(validated=100, escalated=15)}, []),
    "a model under another name": (
        _names(("m-1", NOON - 90 * HOUR), ("m-2", NOON - HOUR)),
        [("model changed", "model:openai/m")],
    ),
    "a model that changed long ago": (
        _names(("m-1", NOON - 90 * HOUR), ("m-2", NOON - 25 * HOUR)),
        [],
    ),
    "a model with two names from the start": (_names(("m-1", NOON), ("m-2", NOON)), []),
    "a guard that is off": ({"guards_off": (OFF,)}, [("guard off", "guard:breaker")]),
    "a reply loop": ({"waiting": {"loop": 2}}, [("reply loop", "loop")]),
    "edits that shadow holds": ({"held_edits": ("T-1",)}, [("edits held", "edits")]),
    "a basic ticket over its hour": (
        {"oldest": {"basic": NOON - HOUR - 1}},
        [("unrouted", "unrouted:basic")],
    ),
    "a basic ticket within it": ({"oldest": {"basic": NOON - HOUR}}, []),
    "a business ticket has less time": (
        {"oldest": {"business": NOON - 601, "basic": NOON - 601}},
        [("unrouted", "unrouted:business")],
    ),
}


@pytest.mark.parametrize("case", ALERTS)
def test_what_holds(case: str) -> None:
    changes, expected = ALERTS[case]
    assert found(**changes) == [(AlertKind(kind), name) for kind, name in expected]


def test_every_kind_that_can_be_sent_is_in_the_table() -> None:
    """The ledger and the page cannot tell of their own end; others are told of single tickets."""
    raises = {kind for _, alerts in ALERTS.values() for kind, _ in alerts}
    assert set(AlertKind) - raises == {
        AlertKind.LEDGER_DOWN,
        AlertKind.PAGE_BROKEN,
        AlertKind.REVIEW_WAITING,
        AlertKind.ESCALATED,
        AlertKind.TEST,
    }


def test_each_says_what_there_is_to_know() -> None:
    picture = a_picture(
        guards_off=(OFF,),
        parked={"credential:KEY": 7},
        accounts=(Account(scope="premium", spent=41_000_000, reserved=0, cap=40_000_000),),
        breakers=(
            _standing("helpdesk:rt", 600, "tripped", by="bob", why="they move it"),
            _standing("openai", 400),
        ),
        held_edits=tuple(f"T-{number}" for number in range(7)),
        answers={"openai/m": {"m-1": 0.0, "m-2": NOON}},
    )
    assert [str(alert) for alert in raised(picture, CONFIG)] == [
        (
            "misconfigured: 7 runs are parked; credential:KEY does not work;"
            " `triage ticket list --state waiting`"
        ),
        "breaker open: helpdesk:rt is held open for 600 s by bob: they move it",
        "breaker open: openai is left alone for 400 s, but for probes",
        (
            "cap reached: premium has used $41.00 of $40.00 today and asks no model before"
            " midnight UTC; `triage spend`"
        ),
        "guard off: breaker is off until 01 Jan 12:01 UTC, by ada: a test of ours",
        (
            "edits held: shadow keeps what people chose on T-0, T-1, T-2, T-3, T-4 and 2 more from"
            " being put back over ours"
        ),
        "model changed: openai/m answers as m-2; before it was m-1",
    ]


def test_a_key_is_wrong_whichever_way_one_hears_of_it_and_told_once() -> None:
    """Its breaker may be out of sight while runs are parked for it, and the other way round."""
    both = _breaker("model:m", 0)
    assert len(found(**both, parked={"model:m": 1, "credential:K": 1})) == 2
