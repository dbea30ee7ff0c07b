"""What people change in the embedded helpdesk after us is read back as corrections, once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from config.mode import Mode
from tasks.errors import LedgerDown
from tasks.events import Kind
from tasks.ports.inbox import Choice, Standing
from tasks.ports.ledger import Intent
from tasks.run import Outcome, Run, RunId
from tasks.ticket import ExternalId
from tests.ledgers import a_change, an_arrival, claim_all, take_in
from tests.twins.clock import StillClock
from tests.twins.ticket import a_ticket
from worker.corrections import Corrections
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.inboxes.embedded import EmbeddedInbox
from worker.ledgers.labelling import How
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.telemetry.log import Log

SOURCE = "file:inbox.jsonl"
T1 = ExternalId("T-1")
VALIDATED = (
    Kind.VALIDATED,
    {"issue_type": "card", "priority": 3, "queue": "cards", "escalated": None, "choices": []},
)


def written(ledger: SqlLedger, *, external_id: str = T1, source: str = SOURCE) -> Run:
    """A run whose queue was set to `cards`."""
    [run] = claim_all(ledger, *take_in(ledger, an_arrival(external_id, source=source)))
    write = Intent(
        key=f"tf-{external_id}:queue",
        run=run.id,
        target="queue",
        before="inbox",
        wanted="cards",
        outcome="applied",
        holds="cards",
        seq=3,
    )
    done = (Kind.WRITTEN, {"outcome": Outcome.APPLIED, "results": {"queue": "applied"}})
    change = a_change(run, VALIDATED, done, writes=(write,))
    assert ledger.commit([change]) == [True]
    return change.after


@dataclass(frozen=True, kw_only=True)
class Desk:
    """The embedded helpdesk with one ticket, and who reads it back."""

    ledger: SqlLedger
    helpdesk: EmbeddedHelpdesk
    clock: StillClock
    run: Run

    @property
    def corrections(self) -> Corrections:
        vault = Vault(b"s" * 32, keep_days=90)
        return Corrections(ledger=self.ledger, vault=vault, clock=self.clock, log=Log("test"))

    def edit(self, value: str, field: str = "queue", by: str = "ada") -> None:
        self.clock.at += 10
        assert self.helpdesk.edit(T1, field, value, by)

    def poll(self, position: str | None = None) -> str:
        page = EmbeddedInbox(self.helpdesk).read(position, limit=100)
        self.corrections.read(page.standings)
        return page.position

    def labels(self) -> list[tuple[str, str | None, str, str]]:
        found = self.ledger.labels_of(self.run.id)
        assert {one.how for one in found} <= {How.CORRECTION}
        return [(one.field, one.said, one.truth, one.by) for one in found]

    def told(self) -> list[tuple[object, object]]:
        events = self.ledger.events(self.run.id)
        return [
            (one.body["said"], one.body["truth"]) for one in events if one.kind is Kind.CORRECTED
        ]


@pytest.fixture
def desk(ledger: SqlLedger, tmp_path: Path) -> Iterator[Desk]:
    clock = StillClock()
    helpdesk = EmbeddedHelpdesk(tmp_path / "helpdesk.db", clock)
    helpdesk.deliver(a_ticket(fields={"queue": "cards"}), source=SOURCE)
    clock.at += 1_000
    yield Desk(ledger=ledger, helpdesk=helpdesk, clock=clock, run=written(ledger))
    helpdesk.close()


def test_a_persons_change_is_a_correction_and_an_event(desk: Desk) -> None:
    desk.edit("fraud")
    position = desk.poll()
    assert desk.labels() == [("queue", "cards", "fraud", "ada")]
    assert desk.told() == [("cards", "fraud")]
    assert desk.ledger.run(desk.run.id) is not None
    assert EmbeddedInbox(desk.helpdesk).read(position, limit=100).standings == ()


def test_the_same_poll_twice_tells_it_once(desk: Desk) -> None:
    desk.edit("fraud")
    desk.poll()
    desk.poll()
    assert desk.told() == [("cards", "fraud")]
    assert desk.ledger.books().balanced


def test_two_who_poll_at_once_tell_it_once(desk: Desk) -> None:
    desk.edit("fraud")
    desk.edit("4", "priority")
    page = EmbeddedInbox(desk.helpdesk).read(None, limit=100)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(desk.corrections.read, [page.standings] * 16))
    assert len(desk.told()) == len(desk.labels()) == 2


def test_who_changes_it_again_is_believed_and_who_changes_it_back_says_that_it_was_right(
    desk: Desk,
) -> None:
    position = None
    for value, by in (("fraud", "ada"), ("vip", "bob"), ("cards", "cleo")):
        desk.edit(value, by=by)
        position = desk.poll(position)
        assert desk.labels() == [("queue", "cards", value, by)]
    assert desk.told() == [("cards", "fraud"), ("cards", "vip"), ("cards", "cards")]


def test_a_closed_ticket_is_read_too(desk: Desk) -> None:
    desk.edit("fraud")
    desk.helpdesk.close_ticket(T1)
    desk.poll()
    assert desk.labels() == [("queue", "cards", "fraud", "ada")]


def test_many_edits_come_page_by_page(desk: Desk) -> None:
    for value in ("fraud", "vip", "cards", "payments"):
        desk.edit(value)
    inbox, position, seen = EmbeddedInbox(desk.helpdesk), None, 0
    for _ in range(10):
        page = inbox.read(position, limit=1)
        position, seen = page.position, seen + len(page.standings)
        if not page.more:
            break
    assert seen == 4
    assert inbox.read(position, limit=1).standings == ()


def test_a_ledger_that_is_away_loses_nothing(desk: Desk) -> None:
    desk.edit("fraud")
    with (
        patch.object(SqlLedger, "correct", side_effect=LedgerDown("away")),
        pytest.raises(LedgerDown),
    ):
        desk.poll()
    desk.poll()
    assert desk.told() == [("cards", "fraud")]


def test_a_run_that_moves_meanwhile_is_looked_at_again(desk: Desk) -> None:
    desk.edit("fraud")
    page = EmbeddedInbox(desk.helpdesk).read(None, limit=100)
    newest_of = SqlLedger.newest_of

    def overtaken(ledger: SqlLedger, tickets: list[str]) -> object:
        found = newest_of(ledger, tickets)  # type: ignore[arg-type]  # as it was called
        assert ledger.commit([a_change(desk.run, (Kind.TWINS, {"key": "k", "count": 2}))])
        return found

    with patch.object(SqlLedger, "newest_of", overtaken):
        assert desk.corrections.read(page.standings) == 1
    assert desk.told() == [("cards", "fraud")]


def test_nobody_asks_the_ledger_where_nobody_chose_anything(desk: Desk) -> None:
    standing = Standing(source=SOURCE, ticket=T1, choices={})
    with patch.object(SqlLedger, "newest_of", side_effect=AssertionError):
        assert desk.corrections.read([standing]) == 0


def test_a_ticket_of_another_source_or_that_nobody_triaged_is_left_alone(desk: Desk) -> None:
    fraud = {"queue": Choice(value="fraud", by="ada", ago=0.0)}
    for source, ticket in (("file:other", T1), (SOURCE, ExternalId("T-404"))):
        standing = Standing(source=source, ticket=ticket, choices=fraud)
        assert desk.corrections.read([standing]) == 0


def test_labels_are_kept_with_their_event_or_not_at_all(ledger: SqlLedger) -> None:
    run = written(ledger)
    change = a_change(run, (Kind.CORRECTED, {"field": "queue", "said": "cards", "truth": "x"}))
    assert ledger.correct(change, [])
    assert not ledger.correct(change, [])
    assert [event.kind for event in ledger.events(run.id)].count(Kind.CORRECTED) == 1


def test_only_the_newest_run_of_a_ticket_counts(ledger: SqlLedger) -> None:
    first = written(ledger)
    [second] = take_in(ledger, an_arrival(T1, source=SOURCE, says="second"))
    assert ledger.newest_of([first.ticket]) == {first.ticket: second}
    assert RunId(second.id) != first.id
    assert second.mode is not Mode.SHADOW
