"""The status row is the fold of the events: each kind changes its columns and no others."""

from dataclasses import asdict, replace

import pytest

from tasks.birth import beginning
from tasks.chronicle import handed_over, handing_over
from tasks.errands.hand_over import HandedOver
from tasks.events import Body, Event, Kind
from tasks.journey import CHANGES, advance, fold
from tasks.ports.ledger import Arrival
from tasks.run import Run, RunId, State, TicketId
from tasks.ticket import ExternalId
from tests.unit.tasks.what_events_change import BUSY, TABLE

RUN = RunId("R-1")
INGESTED: Body = {
    "ticket": "K-1",
    "source": "file:inbox.jsonl",
    "external_id": "T-1",
    "requester": "hash",
    "revision": 2,
    "tier": "economy",
    "digest": "d",
}


def _event(seq: int, kind: Kind, body: Body | None = None, at: float = 100.0) -> Event:
    return Event(run=RUN, seq=seq, at=at, kind=kind, body=body or {})


def _queued() -> Run:
    return advance(None, _event(1, Kind.INGESTED, INGESTED, at=10.0))


def _running(**columns: object) -> Run:
    run = advance(_queued(), _event(2, Kind.CLAIMED, {"owner": "W-1", "fence": 1}, at=20.0))
    return replace(run, **columns)  # type: ignore[arg-type]


def test_a_run_begins_queued_at_enrich() -> None:
    """With one send outstanding, and everything that was known at the door."""
    run = _queued()
    assert (run.state, run.stage, run.tier) == (State.QUEUED, "enrich", "economy")
    assert (run.ticket, run.external_id, run.requester) == ("K-1", "T-1", "hash")
    assert (run.source, run.revision) == ("file:inbox.jsonl", 2)
    assert (run.seq, run.send_n, run.attempts, run.fence) == (1, 1, 0, 0)
    assert run.ingested_at == run.changed_at == run.sent_at == 10.0


ARRIVED = Arrival(
    run=RUN,
    source="file:inbox.jsonl",
    external_id=ExternalId("T-1"),
    requester="hash",
    digest="d",
    tier="economy",
    at=10.0,
    bodies=(),
    customer_tier="plus",
)


def test_what_arrived_begins_queued() -> None:
    """The ledger gives ticket and revision; the rest is the arrival's."""
    events = beginning(ARRIVED, TicketId("K-1"), 2)
    known = {**INGESTED, "customer_tier": "plus"}
    assert events == (_event(1, Kind.INGESTED, known, at=10.0),)
    assert fold(events).customer_tier == "plus"


def test_what_arrived_malformed_is_ingested_and_dead_at_once() -> None:
    """It is counted like any other, and nobody is sent to it."""
    malformed = replace(ARRIVED, malformed=("not_json", "not JSON at character 0"))
    run = fold(beginning(malformed, TicketId("K-1"), 1))
    assert (run.state, run.stage) == (State.DEAD, "intake")
    assert (run.reason, run.why) == ("not_json", "not JSON at character 0")
    assert run.seq == 2


@pytest.mark.parametrize("kind", TABLE)
def test_an_event_changes_its_columns_and_no_others(kind: Kind) -> None:
    """Every line of the table, on a run in the middle of its journey."""
    body, changes = TABLE[kind]
    before = _running(**BUSY)
    after = advance(before, _event(3, kind, body))
    assert asdict(after) == asdict(before) | {"seq": 3, "changed_at": 100.0} | changes


def test_every_kind_of_event_stands_in_the_table() -> None:
    """Who adds a kind says what it changes."""
    assert set(TABLE) == set(CHANGES) == set(Kind) - {Kind.INGESTED}


@pytest.mark.parametrize("seq", [1, 2, 4, 5, 0, -1])
def test_a_gap_in_the_numbers_is_refused(seq: int) -> None:
    """After number 2 comes number 3, and nothing else."""
    with pytest.raises(ValueError, match=rf"event {seq} \(failed\) does not follow event 2"):
        advance(_running(), _event(seq, Kind.FAILED))


def test_a_run_is_ingested_once() -> None:
    """A second beginning is no event of the same run."""
    with pytest.raises(ValueError, match="does not follow"):
        advance(_running(), _event(3, Kind.INGESTED, INGESTED))


@pytest.mark.parametrize(("seq", "kind"), [(1, Kind.CLAIMED), (2, Kind.INGESTED)])
def test_a_run_begins_with_being_ingested(seq: int, kind: Kind) -> None:
    """Event 1, of that kind."""
    with pytest.raises(ValueError, match="R-1 begins with event"):
        advance(None, _event(seq, kind, INGESTED))


def test_a_run_without_events_is_none() -> None:
    """An empty history is a mistake of whoever asks."""
    with pytest.raises(ValueError, match="without events"):
        fold([])


def test_money_adds_up_over_the_answers() -> None:
    """In whole millionths; a fraction would hide where it got lost."""
    body = {"micro_usd": 150, "model": "m", "prompt": "p"}
    run = fold(
        [
            _event(1, Kind.INGESTED, INGESTED),
            _event(2, Kind.ANSWERED, body),
            _event(3, Kind.ANSWERED, body),
        ]
    )
    assert run.micro_usd == 300
    with pytest.raises(TypeError, match="no whole number"):
        advance(run, _event(4, Kind.ANSWERED, body | {"micro_usd": 0.5}))


ASKED = {"reserved": 900, "account": "2026-11-28/economy"}
USED = {"input_tokens": 70, "output_tokens": 5}


@pytest.mark.parametrize(
    ("kind", "body", "cost", "tokens"),
    [
        (Kind.ANSWERED, {"micro_usd": 150, "model": "m", "prompt": "p", **USED}, 150, 75),
        (Kind.UNANSWERED, {"micro_usd": 0}, 0, 0),
        (Kind.LAPSED, {}, 900, 0),
        (Kind.RELEASED, {}, 900, 0),
        (Kind.DROPPED, {"cause": "superseded", "why": "x"}, 900, 0),
    ],
)
def test_what_was_reserved_is_settled_by_whatever_comes_next(
    kind: Kind, body: Body, cost: int, tokens: int
) -> None:
    """Where nobody knows whether the provider has answered, it is charged in full."""
    asking = advance(_running(), _event(3, Kind.ASKING, ASKED))
    assert (asking.calls, asking.reserved) == (1, 900)
    after = advance(asking, _event(4, kind, body))
    assert (after.micro_usd, after.tokens) == (cost, tokens)
    assert (after.reserved, after.reserved_for) == (0, None)
    assert after.calls == (0 if kind is Kind.UNANSWERED else 1), "what was never answered is none"


def test_a_run_that_failed_and_came_through_has_its_attempts_back() -> None:
    """Attempts are counted a stage."""
    failed = advance(_running(), _event(3, Kind.FAILED))
    assert failed.attempts == 1
    body = {"tier": "economy", "customer_tier": "basic"}
    assert advance(failed, _event(4, Kind.ENRICHED, body)).attempts == 0


def test_a_run_that_people_have_seen_keeps_the_moment_they_first_did() -> None:
    """Latency is counted up to the first time that somebody could act."""
    review = {"reason": "unsure", "why": "x"}
    first = advance(_running(), _event(3, Kind.IN_REVIEW, review, at=50.0))
    again = advance(first, _event(4, Kind.IN_REVIEW, review, at=90.0))
    assert again.routed_at == 50.0


def test_who_is_handed_over_on_the_way_to_rest_goes_on_to_it() -> None:
    """Nothing but the moment changes: the next event says where it rests."""
    run = advance(_running(), _event(3, Kind.HANDED_OVER, {"results": {}, "back": None}, at=50.0))
    assert (run.state, run.handed_at) == (State.RUNNING, 50.0)


def test_notes_on_a_thread_are_no_decision_about_the_ticket() -> None:
    """They cost what they cost; by which model and prompt it was decided is another matter."""
    body = {"micro_usd": 150, "model": "m", "prompt": "summarise-1", "purpose": "summarise", **USED}
    run = advance(_running(micro_usd=0, model=None, prompt=None), _event(3, Kind.ANSWERED, body))
    assert (run.micro_usd, run.model, run.prompt) == (150, None, None)


def _waiting(at: float) -> Run:
    """For ten seconds, by a clock that says that it is `at`."""
    body = {"until": at + 10, "reason": "money", "why": "x", "waits_for": "money:economy"}
    return advance(_running(), _event(3, Kind.WAITING, body, at=at))


@pytest.mark.parametrize(("told_at", "due_at"), [(100.0, 110.0), (3_700.0, 115.0)])
def test_what_happens_meanwhile_makes_no_wait_longer(told_at: float, due_at: float) -> None:
    """That of a clock an hour ahead was to be known by its stamp, and has another one now."""
    run = advance(_waiting(told_at), _event(4, Kind.CORRECTED, at=105.0))
    assert (run.state, run.due_at) == (State.WAITING, due_at)


@pytest.mark.parametrize(("told_at", "due_at"), [(100.0, 110.0), (3_700.0, 115.0)])
def test_who_comes_back_from_people_waits_on_for_the_same_and_no_longer(
    told_at: float, due_at: float
) -> None:
    waiting = _waiting(told_at)
    asked = handing_over(waiting, "it has waited for too long")
    run = advance(waiting, _event(4, asked.kind, asked.body, at=102.0))
    run = advance(run, _event(5, Kind.SENT, {"send_n": 2}, at=102.0))
    run = advance(run, _event(6, Kind.CLAIMED, {"owner": "W-1", "fence": 2}, at=103.0))
    came = handed_over(HandedOver(results=()), asked.body["back"])
    run = advance(run, _event(7, came.kind, came.body, at=105.0))
    assert (run.state, run.stage, run.due_at) == (State.WAITING, waiting.stage, due_at)
    assert (run.reason, run.waits_for) == ("money", "money:economy")
