"""What every ledger keeps when messages come in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tasks.causes import Cause, DropCause, WaitReason
from tasks.events import Kind
from tasks.journey import fold
from tasks.ports.ledger import Arrival, Cursor, Filter, Intent, SealedKey
from tasks.run import Run, State
from tests.contracts.journeys import CLASSIFIED, VALIDATED
from tests.ledgers import (
    BURIED,
    ENRICHED,
    IN_REVIEW,
    WAITING,
    WRITTEN,
    a_change,
    a_claim,
    an_arrival,
    claim_all,
    move,
    sent,
    take_in,
)
from tests.twins.clock import NOON
from worker.ledgers.ingesting import LOOP_REVISIONS, LOOP_SECONDS
from worker.ledgers.sql import SqlLedger

MALFORMED = (Cause.NOT_JSON, "not JSON at character 3")


def _is_replayable(ledger: SqlLedger, run: Run) -> bool:
    return fold(ledger.events(run.id)) == ledger.run(run.id)


def test_a_new_message_becomes_a_queued_run(ledger: SqlLedger) -> None:
    arrival = an_arrival("T-1")
    taken = ledger.ingest([arrival], cursor=None)
    (run,) = taken.runs
    assert (taken.known, taken.superseded) == (0, 0)
    assert (run.id, run.state, run.stage, run.revision) == (arrival.run, State.QUEUED, "enrich", 1)
    assert (run.send_n, run.sent_at, run.ingested_at) == (1, NOON, NOON)
    assert ledger.run(run.id) == run
    assert [event.kind for event in ledger.events(run.id)] == [Kind.INGESTED]
    assert list(ledger.bodies(run.id)) == list(arrival.bodies)


def test_what_is_known_is_not_taken_in_again(ledger: SqlLedger) -> None:
    first = ledger.ingest([an_arrival("T-1"), an_arrival("T-2")], cursor=None)
    again = ledger.ingest([an_arrival("T-1"), an_arrival("T-2"), an_arrival("T-3")], cursor=None)
    assert (len(first.runs), first.known) == (2, 0)
    assert ([run.external_id for run in again.runs], again.known) == (["T-3"], 2)
    assert ledger.books().ingested == 3


def test_the_same_batch_twice_does_nothing(ledger: SqlLedger) -> None:
    batch = [an_arrival(f"T-{number}") for number in range(20)]
    assert len(ledger.ingest(batch, cursor=None).runs) == 20
    again = ledger.ingest(batch, cursor=None)
    assert (again.runs, again.known) == ((), 20)


def test_of_the_same_message_in_one_batch_the_first_is_taken(ledger: SqlLedger) -> None:
    first, other, second = an_arrival("T-1"), an_arrival("T-2"), an_arrival("T-1")
    taken = ledger.ingest([first, other, second], cursor=None)
    assert [run.id for run in taken.runs] == [first.run, other.run]
    assert taken.known == 1


def test_the_same_words_about_another_ticket_or_from_another_source_are_another_message(
    ledger: SqlLedger,
) -> None:
    taken = take_in(
        ledger,
        an_arrival("T-1", source="file:a"),
        an_arrival("T-2", source="file:a"),
        an_arrival("T-1", source="file:b"),
    )
    assert len({run.ticket for run in taken}) == 3
    assert {run.revision for run in taken} == {1}


BEFORE_THE_WRITE: dict[str, Callable[[SqlLedger, Run], Run]] = {
    "queued": lambda _, run: run,
    "waiting": lambda ledger, run: move(ledger, claim_all(ledger, run)[0], WAITING),
    "in_review": lambda ledger, run: move(ledger, claim_all(ledger, run)[0], IN_REVIEW),
    "dead": lambda ledger, run: move(ledger, claim_all(ledger, run)[0], BURIED),
}


@pytest.mark.parametrize("state", BEFORE_THE_WRITE)
def test_a_new_revision_supersedes_what_was_not_written_yet(ledger: SqlLedger, state: str) -> None:
    old = BEFORE_THE_WRITE[state](ledger, take_in(ledger, an_arrival("T-1"))[0])
    assert old.state == state
    taken = ledger.ingest([an_arrival("T-1", says="second", at=NOON + 9)], cursor=None)
    dropped = ledger.run(old.id)
    assert taken.superseded == 1
    assert [run.revision for run in taken.runs] == [2]
    assert dropped
    assert (dropped.state, dropped.reason) == (State.DROPPED, DropCause.SUPERSEDED)
    assert (dropped.owner, dropped.due_at, dropped.changed_at) == (None, None, NOON + 9)
    assert _is_replayable(ledger, old)
    assert ledger.books().balanced


def test_what_is_being_worked_on_and_what_was_written_stays(ledger: SqlLedger) -> None:
    begun, queued = take_in(ledger, an_arrival("T-1"), an_arrival("T-2"))
    writing = move(ledger, claim_all(ledger, begun)[0], ENRICHED, CLASSIFIED, VALIDATED)
    written = move(ledger, claim_all(ledger, queued)[0], WRITTEN)
    taken = ledger.ingest([an_arrival("T-1", says="2"), an_arrival("T-2", says="2")], cursor=None)
    assert taken.superseded == 0
    assert [run.state for run in taken.runs] == [State.QUEUED, State.QUEUED]
    assert (ledger.run(writing.id), ledger.run(written.id)) == (writing, written)


def test_what_has_not_come_to_write_is_superseded_under_its_workers_hands(
    ledger: SqlLedger,
) -> None:
    """Its worker's next commit is refused; what it would have written is out of date."""
    running = move(ledger, claim_all(ledger, *take_in(ledger, an_arrival("T-1")))[0], ENRICHED)
    assert ledger.ingest([an_arrival("T-1", says="2")], cursor=None).superseded == 1
    assert ledger.commit([a_change(running, CLASSIFIED)]) == [False]


def _intending(ledger: SqlLedger, name: str) -> Run:
    """A run that waits, and of whose request to the helpdesk nobody knows what became."""
    (run,) = claim_all(ledger, *take_in(ledger, an_arrival(name)))
    write = Intent(key=run.id, run=run.id, target="queue", before=None, wanted="cards")
    change = a_change(run, ENRICHED, CLASSIFIED, VALIDATED, WAITING, writes=(write,))
    assert ledger.commit([change]) == [True]
    return change.after


def test_what_may_have_been_written_comes_to_its_end_before_a_newer_message(
    ledger: SqlLedger,
) -> None:
    """Else nobody would ever know whether the value in the helpdesk is ours."""
    waiting = _intending(ledger, "T-1")
    taken = ledger.ingest([an_arrival("T-1", says="2")], cursor=None)
    (newer,) = taken.runs
    assert taken.superseded == 0
    assert ledger.claim([a_claim(newer)], NOON) == [None]
    assert list(ledger.queued("economy", NOON + 99, 9)) == [], "to send it would be in vain"
    due = move(ledger, waiting, sent(waiting))
    assert ledger.claim([a_claim(newer)], NOON) == [None]
    ended = move(ledger, claim_all(ledger, due)[0], WRITTEN)
    assert list(ledger.queued("economy", NOON + 99, 9)) == [newer]
    assert ledger.claim([a_claim(newer)], NOON) != [None]
    assert ended.state is State.WRITTEN


def test_a_dead_letter_that_may_have_written_makes_way(ledger: SqlLedger) -> None:
    """Nobody carries it on by itself: a customer who writes again must not wait for that."""
    dead = move(ledger, claim_all(ledger, *[_sent(ledger, _intending(ledger, "T-1"))])[0], BURIED)
    assert ledger.ingest([an_arrival("T-1", says="2")], cursor=None).superseded == 1
    found = ledger.run(dead.id)
    assert found
    assert found.state is State.DROPPED


def _sent(ledger: SqlLedger, run: Run) -> Run:
    return move(ledger, run, sent(run))


def test_revisions_of_one_batch_supersede_each_other(ledger: SqlLedger) -> None:
    batch = [an_arrival("T-1", says=words) for words in ("one", "two", "three", "two")]
    taken = ledger.ingest(batch, cursor=None)
    assert [(run.revision, run.state) for run in taken.runs] == [
        (1, State.DROPPED),
        (2, State.DROPPED),
        (3, State.QUEUED),
    ]
    assert (taken.known, taken.superseded) == (1, 2)
    assert [ledger.run(run.id) for run in taken.runs] == list(taken.runs)
    assert all(_is_replayable(ledger, run) for run in taken.runs)
    assert ledger.books().balanced


def test_a_malformed_message_is_taken_in_and_dead_at_the_door(ledger: SqlLedger) -> None:
    arrival = an_arrival(malformed=MALFORMED)
    taken = ledger.ingest([arrival], cursor=None)
    (run,) = taken.runs
    assert (run.state, run.stage, run.reason) == (State.DEAD, "intake", Cause.NOT_JSON)
    assert ledger.run(run.id) == run
    assert [event.kind for event in ledger.events(run.id)] == [Kind.INGESTED, Kind.BURIED]
    assert [body.name for body in ledger.bodies(run.id)] == ["raw"]
    assert ledger.ingest([arrival], cursor=None).known == 1
    assert ledger.books().balanced


def test_a_malformed_message_supersedes_nothing(ledger: SqlLedger) -> None:
    (old,) = take_in(ledger, an_arrival("T-1"))
    garbled = an_arrival("T-1", says="garbled", malformed=MALFORMED)
    taken = ledger.ingest([garbled], cursor=None)
    assert (taken.superseded, [run.revision for run in taken.runs]) == (0, [2])
    assert ledger.run(old.id) == old
    also = [an_arrival("T-2"), an_arrival("T-2", says="garbled", malformed=MALFORMED)]
    assert [run.state for run in take_in(ledger, *also)] == [State.QUEUED, State.DEAD]


def test_a_sound_message_takes_over_from_a_malformed_one(ledger: SqlLedger) -> None:
    (garbled,) = take_in(ledger, an_arrival("T-1", says="garbled", malformed=MALFORMED))
    taken = ledger.ingest([an_arrival("T-1", says="sound")], cursor=None)
    assert taken.superseded == 1
    assert [run.state for run in ledger.named("T-1")] == [State.QUEUED, State.DROPPED]
    assert ledger.named("T-1")[1].id == garbled.id


def test_the_cursor_moves_with_its_tickets(ledger: SqlLedger) -> None:
    assert ledger.cursor("file:inbox") is None
    for position in ("10", "20"):
        cursor = Cursor(source="file:inbox", position=position, polled_at=NOON)
        ledger.ingest([an_arrival()], cursor=cursor)
        assert ledger.cursor("file:inbox") == position
    ledger.ingest([], cursor=Cursor(source="file:other", position="3"))
    assert (ledger.cursor("file:inbox"), ledger.cursor("file:other")) == ("20", "3")


def test_a_batch_that_fails_leaves_neither_tickets_nor_cursor(ledger: SqlLedger) -> None:
    ledger.ingest([an_arrival("T-1")], cursor=Cursor(source="s", position="1"))
    sound = [an_arrival("T-1", says="second"), an_arrival("T-2")]
    same_id = replace(an_arrival("T-3"), run=sound[0].run)
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        ledger.ingest([*sound, same_id], cursor=Cursor(source="s", position="2"))
    assert ledger.cursor("s") == "1"
    assert [run.state for run in ledger.runs(Filter())] == [State.QUEUED]
    assert ledger.books().ingested == 1
    assert len(ledger.ingest(sound, cursor=None).runs) == 2


def test_a_cursor_that_cannot_be_kept_keeps_its_tickets_out(ledger: SqlLedger) -> None:
    nowhere: Any = None
    with pytest.raises(Exception, match=r"(?i)null"):
        ledger.ingest([an_arrival()], cursor=Cursor(source="s", position=nowhere))
    assert ledger.books().ingested == 0


def test_a_key_stands_for_its_requester_from_the_first_time_on(ledger: SqlLedger) -> None:
    first, other = _key("ada", b"1"), _key("bob", b"2")
    assert ledger.keep_keys([first, other]) == {"ada": first, "bob": other}
    later = ledger.keep_keys([_key("ada", b"3"), _key("eve", b"4"), _key("eve", b"5")])
    assert later == {"ada": first, "eve": _key("eve", b"4")}
    assert (ledger.key("ada"), ledger.key("eve")) == (first, _key("eve", b"4"))
    assert ledger.key("nobody") is None
    assert ledger.keep_keys([]) == {}


def _key(requester: str, cipher: bytes) -> SealedKey:
    return SealedKey(requester=requester, cipher=cipher)


def test_what_no_database_takes_is_replaced_and_not_refused(ledger: SqlLedger) -> None:
    arrival = an_arrival("T-\x00\ud800", malformed=(Cause.WRONG_FIELD, "id holds \x00"))
    (run,) = take_in(ledger, arrival)
    assert (run.external_id, run.why) == ("T-\ufffd\ufffd", "id holds \ufffd")
    assert ledger.run(run.id) == run
    assert _is_replayable(ledger, run)
    assert ledger.named("T-\x00\ud800") == [run]
    assert ledger.ingest([arrival], cursor=None).known == 1


def test_more_messages_than_people_write_wait_until_it_is_quiet(ledger: SqlLedger) -> None:
    """Two machines may answer each other; one of ours is to be paid for each time."""
    for number in range(LOOP_REVISIONS):
        at = NOON + 60 * number
        [run] = ledger.ingest([_said(f"{number}", at)], cursor=None).runs
        assert run.state is State.QUEUED
    at = NOON + LOOP_SECONDS - 1
    [looping] = ledger.ingest([_said("once more", at), an_arrival("T-2")], cursor=None).runs[:1]
    assert (looping.state, looping.reason) == (State.WAITING, WaitReason.LOOP)
    assert looping.due_at == at + LOOP_SECONDS
    assert _is_replayable(ledger, looping)
    assert [run.id for run in ledger.due(looping.due_at, 9)] == [looping.id]
    [later] = ledger.ingest([_said("and again", at + LOOP_SECONDS)], cursor=None).runs
    assert later.state is State.QUEUED
    dropped = [run.state for run in ledger.named("T-1")[1:]]
    assert set(dropped) == {State.DROPPED}


def test_a_ticket_whose_history_comes_all_at_once_is_no_loop(ledger: SqlLedger) -> None:
    """As a file brings it."""
    taken = ledger.ingest([_said(f"{number}", NOON) for number in range(9)], cursor=None)
    assert taken.runs[-1].state is State.QUEUED


def _said(what: str, at: float) -> Arrival:
    return replace(an_arrival("T-1", says=what), at=at)
