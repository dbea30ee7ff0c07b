"""Whose request a request was, what it cost, where its ticket ends, and what a script plays."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.causes import Cause, ReviewReason
from tasks.events import Body, Event, Kind
from tasks.run import RunId, State
from tests.chaos.calls import Call, Request, called, request_of
from tests.chaos.entailed import ends
from tests.chaos.evidence import Records
from tests.chaos.provider import Scripts
from tests.chaos.script import Family, name, script
from tests.chaos.test_verdict import NAME, SEED
from tests.chaos.verdict_on_money import is_overspent
from tests.ledgers import an_arrival, take_in
from tests.twins.clock import NOON
from worker.ledgers.accounting import Account
from worker.ledgers.sql import SqlLedger

BOUND, COST = 1_000, 100
ASKED: Body = {
    "model": "openai/made-up",
    "account": "2026-11-17/economy",
    "reserved": BOUND,
    "guards": {"breaker": "closed"},
}


def a_request(at: float, fault: str = "ok", provider: str = "openai") -> Request:
    """One that took a second."""
    line = {"n": 1, "provider": provider, "at": NOON + at, "seconds": 1.0, "ticket": NAME}
    told = {"fault": fault, "status": 200, "outcome": "answered", "model": "made-up"}
    tokens = dict.fromkeys(("input_tokens", "cached_tokens", "output_tokens"), 0)
    return request_of({**line, **told, **tokens})


def met(records: Records, *faults: str) -> Records:
    """The ticket has met just these."""
    records.requests = [a_request(float(n), fault) for n, fault in enumerate(faults)]
    vars(records).pop("by_ticket", None)
    return records


def a_run(*happened: tuple[float, Kind, Body]) -> Sequence[Event]:
    """A run to which these happened."""
    return [
        Event(run=RunId("r-1"), seq=seq, at=NOON + at, kind=kind, body=body)
        for seq, (at, kind, body) in enumerate(happened, 1)
    ]


def calls(events: Sequence[Event], *requests: Request) -> list[Call]:
    """By a clock that is right."""
    return list(called([events], requests, lambda at: at))


def test_a_request_is_that_of_the_last_call_before_it() -> None:
    """The first one was recorded, and its worker died before it was sent."""
    events = a_run(
        (0.0, Kind.ASKING, ASKED),
        (5.0, Kind.LAPSED, {}),
        (9.0, Kind.ASKING, ASKED),
        (10.0, Kind.ANSWERED, {"micro_usd": COST}),
    )
    [orphan, answered] = calls(events, a_request(9.1))
    assert (orphan.request, orphan.ask.charged, orphan.ask.is_settled) == (None, BOUND, False)
    assert (answered.request, answered.ask.charged) == (a_request(9.1), COST)


@pytest.mark.parametrize(("stage", "is_retry"), [("classify", True), ("hand_over", False)])
def test_a_retry_is_what_its_own_stage_asks_again(stage: str, *, is_retry: bool) -> None:
    """A helpdesk that failed while people were told of it has nothing to do with a model."""
    events = a_run((0.0, Kind.FAILED, {"stage": stage}), (1.0, Kind.ASKING, ASKED))
    [call] = calls(events)
    assert call.ask.is_retry is is_retry


def test_what_somebody_else_was_asked_is_no_request_of_it() -> None:
    [call] = calls(a_run((0.0, Kind.ASKING, ASKED)), a_request(0.1, provider="anthropic"))
    assert call.request is None


def test_a_claim_says_nothing_of_what_a_call_has_cost() -> None:
    events = a_run(
        (0.0, Kind.CLAIMED, {"owner": "w-1"}),
        (1.0, Kind.ASKING, ASKED),
        (2.0, Kind.CLAIMED, {"owner": "w-2"}),
        (3.0, Kind.ANSWERED, {"micro_usd": 7}),
    )
    [call] = calls(events)
    assert (call.ask.charged, call.ask.owner) == (7, "w-1")


def test_who_has_failed_in_this_stage_tries_again() -> None:
    failed: Body = {"micro_usd": 0, "error": "ProviderDown"}
    probe: Body = {**ASKED, "guards": {"breaker": "probe"}}
    events = a_run(
        (0.0, Kind.ASKING, ASKED),
        (1.0, Kind.UNANSWERED, failed),
        (1.1, Kind.FAILED, {"stage": "classify"}),
        (2.0, Kind.ASKING, probe),
        (3.0, Kind.UNANSWERED, failed),
        (4.0, Kind.ASKING, ASKED),
        (5.0, Kind.ANSWERED, {"micro_usd": COST}),
        (5.1, Kind.PROMOTED, {}),
        (6.0, Kind.ASKING, ASKED),
    )
    assert [call.ask.is_retry for call in calls(events)] == [False, False, True, False]
    assert [call.failed for call in calls(events)] == [True, True, False, False]


def test_a_ticket_ends_otherwise_only_by_what_was_said_about_it(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    records = Records(seed=SEED, brought=0, ledger=ledger, logs=tmp_path)
    records.runs = take_in(ledger, an_arrival(NAME))
    assert ends(records, NAME) == {(State.WRITTEN, None)}
    assert ends(met(records, "off_list"), NAME) == {(State.WRITTEN, None)}
    assert (State.DEAD, Cause.OFF_LIST) in ends(met(records, "off_list", "off_list"), NAME)
    assert ends(met(records, "words", "words", "words"), NAME) == {
        (State.WRITTEN, None),
        (State.IN_REVIEW, ReviewReason.UNFINISHED),
    }


@pytest.mark.parametrize(("other", "may_die"), [("anthropic", True), ("openai", False)])
def test_who_has_been_answered_by_every_model_has_no_dearer_one_left(
    ledger: SqlLedger, tmp_path: Path, other: str, *, may_die: bool
) -> None:
    records = Records(seed=SEED, brought=0, ledger=ledger, logs=tmp_path)
    records.runs = take_in(ledger, an_arrival(NAME))
    records.requests = [a_request(0.0, "words", other), a_request(2.0, "off_list")]
    assert ((State.DEAD, Cause.OFF_LIST) in ends(records, NAME)) is may_die


def test_only_who_brings_failures_of_its_own_may_die_of_an_outage(
    ledger: SqlLedger, tmp_path: Path
) -> None:
    own = next(n for n in range(3_000) if script(SEED, n).family is Family.TRANSIENT)
    records = Records(seed=SEED, brought=0, ledger=ledger, logs=tmp_path)
    records.runs = take_in(ledger, an_arrival(NAME), an_arrival(name(own)))
    dead = (State.DEAD, Cause.PROVIDER_DOWN)
    assert dead not in ends(met(records, *["error_500"] * 4), NAME)
    told = [replace(request, ticket=name(own)) for request in records.requests]
    records.requests = told[:3]
    vars(records).pop("by_ticket")
    assert dead not in ends(records, name(own))
    records.requests = told
    vars(records).pop("by_ticket")
    assert dead in ends(records, name(own))


@pytest.mark.parametrize("family", [Family.TRANSIENT, Family.REFUSED, Family.PLAIN])
def test_a_ticket_meets_what_its_script_has_and_then_what_its_family_has(family: Family) -> None:
    number = next(n for n in range(3_000) if script(SEED, n).family is family)
    scripts, one = Scripts(SEED), script(SEED, number)
    met = []
    for _ in range(len(one.plays) + 2):
        met.append(scripts.next(name(number)))
        scripts.meets(name(number))
    ever = "refusal" if family is Family.REFUSED else "ok"
    assert met == [*one.plays, ever, ever]


def test_a_request_that_was_under_way_when_the_port_was_closed_has_failed() -> None:
    assert not a_request(1.0).failed
    assert replace(a_request(1.0), outcome="dropped").failed


def test_above_a_cap_it_only_gets_less() -> None:
    """A cap may be lowered below what is spent; then what is in flight comes to its end."""
    before = Account(scope="fleet", spent=80, reserved=30, cap=100)
    assert is_overspent(None, before)
    assert is_overspent(before, replace(before, spent=81))
    assert not is_overspent(before, before)
    assert not is_overspent(before, replace(before, reserved=0))
    assert not is_overspent(replace(before, cap=200), before)  # it was lowered a moment ago
    assert is_overspent(replace(before, spent=0), replace(before, reserved=21))
