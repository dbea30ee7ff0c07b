"""What a ledger lets go of: a requester's texts and key, and texts that have expired."""

from dataclasses import replace

from tasks.ports.ledger import Arrival, SealedKey
from tasks.run import Run, RunId
from tests.ledgers import WRITTEN, a_text, an_arrival, claim_all, move, take_in
from tests.twins.clock import NOON
from worker.chance import oldest_id
from worker.ledgers.sql import SqlLedger

ADA, BOB = "0a" * 16, "0b" * 16
DAY = 86_400.0
KEPT = 90 * DAY


def _keys(ledger: SqlLedger) -> None:
    ledger.keep_keys([SealedKey(requester=one, cipher=one.encode()) for one in (ADA, BOB)])


def test_who_is_forgotten_has_neither_texts_nor_key_and_nobody_else_notices(
    ledger: SqlLedger,
) -> None:
    _keys(ledger)
    [hers, his] = take_in(ledger, an_arrival(requester=ADA), an_arrival(requester=BOB))
    assert ledger.forget(ADA, at=NOON, by="eve") == 1
    assert (ledger.key(ADA), list(ledger.bodies(hers.id))) == (None, [])
    assert ledger.key(BOB) is not None
    assert len(ledger.bodies(his.id)) == 1
    assert ledger.books().balanced


def test_it_is_noticed_who_did_it_and_may_be_done_again(ledger: SqlLedger) -> None:
    _keys(ledger)
    take_in(ledger, an_arrival(requester=ADA))
    assert [ledger.forget(ADA, at=NOON + n, by="eve") for n in range(2)] == [1, 0]
    noticed = [(one.kind, one.subject) for one in ledger.notices()]
    assert noticed == [("forgotten", ADA)] * 2
    assert '"by": "eve"' in ledger.notices()[0].body


# ── Texts that have expired ──────────────────────────────────────────────────────────────────────


def _born(at: float) -> Arrival:
    """A ticket that came then; its id begins with that moment."""
    run = RunId(oldest_id(at) + "a" * 10)
    text = replace(a_text(run, "ticket"), expires_at=at + KEPT)
    return replace(an_arrival(at=at), run=run, bodies=(text,))


def _written(ledger: SqlLedger, at: float) -> Run:
    [run] = take_in(ledger, _born(at))
    [running] = claim_all(ledger, run)
    return move(ledger, running, WRITTEN)


def _texts(ledger: SqlLedger, run: Run) -> int:
    return len(ledger.bodies(run.id))


def test_texts_that_have_expired_are_deleted_and_the_books_stay(ledger: SqlLedger) -> None:
    old, young = _written(ledger, NOON), _written(ledger, NOON + DAY)
    now = NOON + KEPT + 60
    assert ledger.expire(now, kept_seconds=KEPT, limit=100) == 1
    assert (_texts(ledger, old), _texts(ledger, young)) == (0, 1)
    assert ledger.expire(now, kept_seconds=KEPT, limit=100) == 0
    assert ledger.books().ingested == 2


def test_what_is_not_at_rest_keeps_its_texts_however_old_it_is(ledger: SqlLedger) -> None:
    [run] = take_in(ledger, _born(NOON))
    assert ledger.expire(NOON + 2 * KEPT, kept_seconds=KEPT, limit=100) == 0
    assert _texts(ledger, run) == 1


def test_no_more_are_deleted_at_once_than_are_wanted(ledger: SqlLedger) -> None:
    for n in range(3):
        _written(ledger, NOON + n)
    now = NOON + KEPT + 60
    assert [ledger.expire(now, kept_seconds=KEPT, limit=2) for _ in range(3)] == [2, 1, 0]
