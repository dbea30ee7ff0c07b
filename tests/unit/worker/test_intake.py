"""A source that is new begins when it was first asked, whatever becomes of that poll."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from config.mode import Mode
from tasks.causes import Cause
from tasks.errors import HelpdeskDown, SourceDown
from tasks.ports.inbox import Message, Page
from tasks.ports.ledger import Filter
from tasks.run import State
from tests.acceptance.fleet import a_line
from tests.simulation.broker import MemoryBroker
from tests.twins.clock import StillClock
from tests.twins.desk import shipped
from tests.twins.facts import sources
from tests.twins.feed import Desk
from worker.clock import SystemClock
from worker.inboxes.live import LiveInbox
from worker.inboxes.position import TRIES
from worker.intake import Intake
from worker.ledgers import migrating
from worker.ledgers.engine import connect
from worker.ledgers.residence import ANYWHERE
from worker.ledgers.sql import SqlLedger
from worker.operating.requeue import Operator, Refused
from worker.privacy.vault import Vault
from worker.telemetry.log import Log


@dataclass(kw_only=True)
class Remote:
    """A helpdesk whose clock counts up to nine; tickets by the time at which they came."""

    name: str = "rt:https://rt.example.org"
    now: int = 1
    tickets: dict[int, str] = field(default_factory=dict)
    is_down: bool = False

    def start(self) -> str | None:
        return str(self.now)

    def read(self, position: str | None, *, limit: int) -> Page:
        if self.is_down:
            raise SourceDown("nobody answers")
        came = [name for at, name in sorted(self.tickets.items()) if at >= int(position or 0)]
        said = [a_line(name, "Hello").encode() for name in came[:limit]]
        messages = tuple(Message(source=self.name, raw=raw) for raw in said)
        return Page(messages=messages, position=str(self.now + 1), more=False)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    made = SqlLedger(connect(f"sqlite:///{tmp_path / 'ledger.db'}"))
    migrating.migrate(made.engine)
    yield made
    made.close()


@pytest.fixture
def intake(ledger: SqlLedger) -> Intake:
    config = shipped()
    return Intake(
        ledger=ledger,
        vault=Vault(b"s" * 32, keep_days=90),
        broker=cast("Any", MemoryBroker()),
        clock=StillClock(),
        facts=sources(),
        config=config,
        deliver=lambda tickets: [True] * len(tickets),
        log=Log("test"),
        first_day=config.settings.first_day,
    )


def _taken(ledger: SqlLedger) -> set[str]:
    return {run.external_id for run in ledger.runs(Filter())}


def test_what_came_while_the_first_poll_failed_is_taken_in(
    ledger: SqlLedger, intake: Intake
) -> None:
    remote = Remote(tickets={1: "older"}, now=2, is_down=True)
    with pytest.raises(SourceDown):
        intake.poll(remote)
    assert [source.mode for source in ledger.sources()] == [Mode.SUGGEST]
    remote.tickets[3] = "meanwhile"
    remote.now, remote.is_down = 5, False
    intake.poll(remote)
    assert _taken(ledger) == {"meanwhile"}
    remote.tickets[6] = "later"
    remote.now = 7
    intake.poll(remote)
    assert _taken(ledger) == {"meanwhile", "later"}


def test_a_look_back_says_nothing_about_where_a_source_begins(
    ledger: SqlLedger, intake: Intake
) -> None:
    """The next poll goes on where it would have without."""
    remote = Remote(tickets={1: "older"}, now=1)
    intake.poll(remote, afresh=True)
    assert ledger.cursor(remote.name) is None
    remote.tickets[2], remote.now = "between", 3
    intake.poll(remote)
    assert _taken(ledger) == {"older"}


def test_of_two_first_polls_the_later_one_begins_where_the_earlier_does(
    ledger: SqlLedger, intake: Intake
) -> None:
    class Slower(Remote):
        """Another one has begun while this one asked for the time."""

        def start(self) -> str | None:
            with pytest.raises(SourceDown):
                intake.poll(Remote(now=2, is_down=True))
            return super().start()

    intake.poll(Slower(tickets={3: "between"}, now=5))
    assert _taken(ledger) == {"between"}


def test_a_ticket_that_its_helpdesk_cannot_show_is_a_dead_letter_that_says_so(
    ledger: SqlLedger, intake: Intake, caplog: pytest.LogCaptureFixture
) -> None:
    """One, however long that lasts; what it would begin again with is nothing."""
    desk = Desk(broken={"B": HelpdeskDown("GET /ticket/B: 500")})
    inbox = LiveInbox(desk)
    intake.poll(inbox)
    desk.change("B")
    for number in range(2 * TRIES):
        desk.change(f"new-{number}")
        intake.poll(inbox)
        desk.passes(300)
    [dead] = [run for run in ledger.runs(Filter()) if run.external_id == "B"]
    assert (dead.state, dead.stage, dead.reason) == (State.DEAD, "intake", Cause.UNREADABLE)
    assert dead.why == "GET /ticket/B: 500"
    assert sum("intake.unread" in one.message for one in caplog.records) == TRIES
    operator = Operator(
        name="ada",
        ledger=ledger,
        vault=intake.vault,
        config=intake.config,
        clock=SystemClock(),
        facts=intake.facts,
        deliver=intake.deliver,
        residence=ANYWHERE,
    )
    refused = operator.requeue(dead, force=False)
    assert isinstance(refused, Refused)
    assert "comment on it" in refused.why
