"""What every ledger keeps when a run is claimed and moved."""

from dataclasses import replace

import pytest

from tasks.events import Event, Kind
from tasks.journey import fold
from tasks.ports.ledger import Claim, Intent, SealedKey
from tasks.run import Incarnation, Outcome, RunId, State
from tests.ledgers import (
    BURIED,
    DROPPED,
    ENRICHED,
    ME,
    REQUESTER,
    WAITING,
    WRITTEN,
    a_change,
    a_claim,
    a_queued,
    a_running,
    a_text,
    an_arrival,
    claim_all,
    move,
    sent,
    take_in,
)
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger

OTHER = Incarnation("there-2-second")


def test_a_claimed_run_is_the_claimers_with_its_ticket_and_key(ledger: SqlLedger) -> None:
    key = SealedKey(requester=REQUESTER, cipher=b"\x00key\xff")
    ledger.keep_keys([key])
    arrival = an_arrival()
    (run,) = take_in(ledger, arrival)
    (claimed,) = ledger.claim([a_claim(run)], NOON + 5)
    assert claimed
    assert (claimed.key, claimed.ticket) == (key, arrival.bodies[0])
    told = {"owner": ME, "fence": 1}
    event = Event(run=run.id, seq=2, at=NOON + 5, kind=Kind.CLAIMED, body=told)
    assert ledger.events(run.id)[-1] == event
    assert claimed.run == ledger.run(run.id) == fold(ledger.events(run.id))
    assert (claimed.run.state, claimed.run.owner) == (State.RUNNING, ME)
    assert (claimed.run.fence, claimed.run.seq, claimed.run.changed_at) == (1, 2, NOON + 5)


def test_a_claimed_run_whose_requester_was_forgotten_comes_without_text(ledger: SqlLedger) -> None:
    run = a_queued(ledger)
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM bodies")
    (claimed,) = ledger.claim([a_claim(run)], NOON)
    assert claimed
    assert (claimed.key, claimed.ticket) == (None, None)


def test_a_message_with_an_old_send_number_gets_nothing(ledger: SqlLedger) -> None:
    run = a_queued(ledger)
    sent_again = move(ledger, run, sent(run))
    assert sent_again.send_n == 2
    late = [a_claim(run), Claim(run=RunId("nobody"), send_n=1, owner=ME)]
    assert list(ledger.claim(late, NOON)) == [None, None]
    assert ledger.run(run.id) == sent_again


@pytest.mark.parametrize("happening", [None, WAITING, BURIED, WRITTEN, DROPPED])
def test_what_is_not_queued_cannot_be_claimed(
    ledger: SqlLedger, happening: tuple[Kind, dict[str, object]] | None
) -> None:
    run = a_running(ledger)
    if happening:
        run = move(ledger, run, happening)
    assert ledger.claim([a_claim(run, OTHER)], NOON) == [None]
    assert ledger.run(run.id) == run


def test_of_two_claims_in_one_group_the_first_gets_the_run(ledger: SqlLedger) -> None:
    run, other = a_queued(ledger), a_queued(ledger)
    claims = [a_claim(run), a_claim(other, OTHER), a_claim(run, OTHER)]
    first, second, third = ledger.claim(claims, NOON)
    assert first
    assert second
    assert (first.run.id, second.run.id, third) == (run.id, other.id, None)
    kept = ledger.run(run.id)
    assert kept
    assert kept.owner == ME
    assert len(ledger.events(run.id)) == 2


def test_an_old_message_does_not_get_what_a_new_one_in_its_group_gets(ledger: SqlLedger) -> None:
    run = a_queued(ledger)
    again = move(ledger, run, sent(run))
    old, new = ledger.claim([a_claim(run), a_claim(again, OTHER)], NOON)
    assert old is None
    assert new
    assert new.run.owner == OTHER


def test_a_claim_of_nobody_is_no_work(ledger: SqlLedger) -> None:
    assert list(ledger.claim([], NOON)) == []
    assert list(ledger.commit([])) == []


def test_a_change_adds_its_events_texts_and_writes_and_moves_the_row(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    body = a_text(run.id, "facts.3", b"\x00\xff" * 1_000)
    write = _write(run.id)
    change = a_change(run, ENRICHED, WAITING, bodies=(body,), writes=(write,))
    assert list(ledger.commit([change])) == [True]
    assert ledger.run(run.id) == change.after == fold(ledger.events(run.id))
    assert ledger.events(run.id)[2:] == list(change.events)
    assert list(ledger.bodies(run.id, ["facts.3"])) == [body]
    assert list(ledger.writes(run.id)) == [write]


def _write(run: RunId, outcome: str | None = None) -> Intent:
    return Intent(
        key=f"{run}:queue", run=run, target="queue", before="new", wanted="cards", outcome=outcome
    )


def test_a_write_that_is_known_is_brought_up_to_date_but_keeps_its_pre_image(
    ledger: SqlLedger,
) -> None:
    run = a_running(ledger)
    change = a_change(run, (Kind.INTENDED, {"keys": []}), writes=(_write(run.id),))
    ledger.commit([change])
    done = replace(_write(run.id), before="cards", wanted="loans", outcome="kept", holds="fraud")
    ledger.commit([a_change(change.after, WRITTEN, writes=(_write(run.id, "applied"), done))])
    assert list(ledger.writes(run.id)) == [replace(done, before="new")]


def test_a_change_to_what_somebody_else_has_moved_is_refused_whole(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    moved = move(ledger, run, ENRICHED)
    stale = a_change(
        run, WAITING, bodies=(a_text(run.id, "late.3"),), writes=(_write(run.id, "applied"),)
    )
    assert list(ledger.commit([stale])) == [False]
    assert ledger.run(run.id) == moved
    assert len(ledger.events(run.id)) == 3
    assert [body.name for body in ledger.bodies(run.id)] == ["ticket"]
    assert ledger.writes(run.id) == []


def test_the_fence_refuses_whoever_held_the_run_before(ledger: SqlLedger) -> None:
    """Even where the event number fits: a claim is what the fence counts."""
    run = a_running(ledger)
    impostor = replace(run, fence=run.fence - 1)
    assert list(ledger.commit([a_change(impostor, ENRICHED)])) == [False]
    assert list(ledger.commit([a_change(run, ENRICHED)])) == [True]


def test_a_refused_change_does_not_stop_the_others_of_its_group(ledger: SqlLedger) -> None:
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(5))))
    move(ledger, runs[2], WAITING)
    group = [
        a_change(run, ENRICHED, bodies=(a_text(run.id, "facts.3"),), writes=(_write(run.id),))
        for run in runs
    ]
    assert list(ledger.commit(group)) == [True, True, False, True, True]
    for change, accepted in zip(group, (True, True, False, True, True), strict=True):
        found = ledger.run(change.before.id)
        assert (found == change.after) is accepted
        assert found == fold(ledger.events(change.before.id))
        assert len(ledger.bodies(change.before.id)) == 1 + accepted
        assert len(ledger.writes(change.before.id)) == accepted


@pytest.mark.parametrize("many", [1, 8, 64])
def test_of_two_changes_to_one_state_in_a_group_the_first_is_accepted(
    ledger: SqlLedger, many: int
) -> None:
    runs = claim_all(ledger, *take_in(ledger, *(an_arrival() for _ in range(many))))
    first = [a_change(run, ENRICHED) for run in runs]
    second = [a_change(run, WAITING) for run in runs]
    assert list(ledger.commit([*first, *second])) == [True] * many + [False] * many
    assert [ledger.run(run.id) for run in runs] == [change.after for change in first]
    assert {len(ledger.events(run.id)) for run in runs} == {3}


def test_a_stale_change_does_not_take_the_place_of_a_good_one(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    moved = move(ledger, run, ENRICHED)
    good = a_change(moved, WAITING, bodies=(a_text(run.id, "good.4"),))
    stale = a_change(run, BURIED, bodies=(a_text(run.id, "stale.3"),))
    assert list(ledger.commit([stale, good])) == [False, True]
    assert ledger.run(run.id) == good.after == fold(ledger.events(run.id))
    assert {body.name for body in ledger.bodies(run.id)} == {"ticket", "good.4"}


def test_a_wrong_change_fails_its_group_and_leaves_nothing_of_it(ledger: SqlLedger) -> None:
    good, bad = a_running(ledger), a_running(ledger)
    twice = a_change(bad, ENRICHED, bodies=(a_text(bad.id, "ticket"),))
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        ledger.commit([a_change(good, ENRICHED), twice])
    assert (ledger.run(good.id), ledger.run(bad.id)) == (good, bad)
    assert list(ledger.commit([a_change(good, ENRICHED)])) == [True]


def test_every_column_comes_back_as_it_was(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    event = Event(run=run.id, seq=3, at=0.1 + 0.2, kind=Kind.INTENDED, body={"n": 1e-300, "x": []})
    change = a_change(run, (Kind.INTENDED, {}))
    after = replace(
        run,
        seq=3,
        state=State.WRITTEN,
        outcome=Outcome.PARTLY,
        changed_at=0.1 + 0.2,
        sent_at=1e15 + 1 / 3,
        due_at=0.0,
        routed_at=5.0,
        reason="rate",
        why='quotes " and \\ and {curly}, NULL \N{SNOWMAN} \N{PARTY POPPER}\n\t',
        owner=None,
        attempts=3,
        requeues=2,
        micro_usd=2**40,
        customer_tier="plus",
        issue_type="card",
        priority=4,
        queue="a queue of " + "many words " * 20,
        prompt="",
        model="null",
    )
    assert list(ledger.commit([replace(change, after=after, events=(event,))])) == [True]
    assert ledger.run(run.id) == after
    assert ledger.events(run.id)[-1] == event


def test_what_no_database_takes_is_replaced_wherever_it_stands(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    why = "\x00 and \udead and \N{PARTY POPPER}"
    write = replace(_write(run.id, "kept"), before=why, holds=why, wanted=why)
    buried = (Kind.BURIED, {"stage": "write", "cause": "bug", "why": why, "list": [why, {why: 1}]})
    change = a_change(run, buried, writes=(write,))
    assert list(ledger.commit([change, a_change(a_running(ledger), ENRICHED)])) == [True, True]
    found = ledger.run(run.id)
    assert found
    assert found.why == "\ufffd and \ufffd and \N{PARTY POPPER}"
    assert found == fold(ledger.events(run.id))
    assert [kept.holds for kept in ledger.writes(run.id)] == [found.why]
