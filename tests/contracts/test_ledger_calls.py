"""Who is to hear of a ticket hears of it once, on either database."""

from typing import Any

import pytest

from config.alerts import Alerts, Owner
from tasks.events import Kind
from tasks.run import Run
from tests.ledgers import an_arrival, claim_all, move, take_in
from tests.twins.clock import NOON, StillClock
from worker.alerts.channel import Message
from worker.alerts.post import Post
from worker.chance import run_id
from worker.ledgers.sql import SqlLedger
from worker.ledgers.summoning import Call
from worker.telemetry.log import Log
from worker.upkeep.caller import Caller

CLASSIFIED = (Kind.CLASSIFIED, {"issue_type": "security"})
FRAUD = Owner(issue_types=("security",), webhook="http://127.0.0.1:9/fraud")


class Ear:
    """Implements Channel: hears everything, unless it is deaf."""

    kinds = ()

    def __init__(self, name: str) -> None:
        self.name = name
        self.heard: list[str] = []

    def tell(self, message: Message) -> None:
        self.heard.append(message.headline)


class Office:
    """A fleet's callers, and who hears of them."""

    def __init__(self, ledger: SqlLedger, clock: StillClock) -> None:
        self.ledger, self.clock = ledger, clock
        self.everybody, self.fraud, self.log = Ear("webhook"), Ear("webhook:fraud"), Ear("log")
        self.callers = [self.hire()]

    def hire(self) -> Caller:
        channels = [self.log, self.everybody]
        self.post = Post(
            channels,
            self.ledger,
            self.clock,
            runbook="r",
            log=Log("test"),
            owned={"fraud": [self.fraud]},
        )
        return Caller(self.ledger, self.post, Alerts(owners={"fraud": FRAUD}))

    def look(self, seconds: float = 0.0) -> None:
        self.clock.at += seconds
        for caller in self.callers:
            caller.call(self.clock.now())
        self.post.deliver(lambda: True)


@pytest.fixture
def office(ledger: SqlLedger) -> Office:
    return Office(ledger, StillClock())


def waiting(office: Office, *names: str, until: float | None = NOON + 900, steps: Any = ()) -> None:  # noqa: ANN401 - events
    body: dict[str, object] = {"stage": "validate", "reason": "unsure", "why": "0.4 < 0.8"}
    for run in claim_all(office.ledger, *take_in(office.ledger, *map(an_arrival, names))):
        move(office.ledger, run, *steps, (Kind.IN_REVIEW, {**body, "until": until}))


def written(office: Office, name: str, outcome: str = "applied", *, escalated: str | None) -> Run:
    [run] = claim_all(office.ledger, *take_in(office.ledger, an_arrival(name)))
    body = {"issue_type": "security", "priority": 1, "queue": "fraud", "escalated": escalated}
    return move(
        office.ledger,
        run,
        (Kind.VALIDATED, body),
        (Kind.WRITTEN, {"outcome": outcome, "results": {}}),
    )


def test_its_owner_hears_of_a_review_once_whoever_looks(office: Office) -> None:
    waiting(office, "T-1", steps=[CLASSIFIED])
    waiting(office, "T-2")
    office.callers.append(office.hire())
    office.look()
    office.look(60)
    office.callers = [office.hire()]
    office.look(60)
    one = "review waiting: 1 ticket waits for a person: T-{} (unsure); `triage review list`"
    assert office.fraud.heard == [one.format(1)]
    assert office.everybody.heard == [one.format(2)]
    assert sorted(office.log.heard) == [one.format(1), one.format(2)]


def test_many_are_one_message_a_minute_with_the_first_few_by_name(office: Office) -> None:
    waiting(office, "T-0")
    office.look()
    waiting(office, *(f"T-{n}" for n in range(1, 9)))
    office.look(5)
    assert len(office.everybody.heard) == 1
    office.look(50)
    [said] = office.everybody.heard[1:]
    assert said.startswith("review waiting: 8 tickets wait for a person: T-1 (unsure), T-2 (")
    assert said.endswith("T-5 (unsure) and 3 more; `triage review list`")


def test_what_people_have_at_once_is_no_call(office: Office) -> None:
    waiting(office, "T-1", until=None)
    office.look()
    assert office.log.heard == []


def test_an_escalation_that_was_written_waits_for_no_other(office: Office) -> None:
    written(office, "T-1", escalated="theft")
    office.look()
    written(office, "T-2", escalated="legal_threat")
    written(office, "T-3", escalated=None)
    written(office, "T-4", "shadow", escalated="theft")
    office.look(5)
    assert len(office.fraud.heard) == 2
    for seconds in (5, 3_000):
        office.look(seconds)
    assert office.fraud.heard == [
        "escalated: 1 ticket is escalated: T-1 (theft)",
        "escalated: 1 ticket is escalated: T-2 (legal_threat)",
    ]
    assert office.everybody.heard == []


def test_the_last_word_on_an_escalation_counts(office: Office) -> None:
    """A person has decided since, and calls nobody; of another one they do."""
    values = {"issue_type": "security", "priority": 2, "queue": "fraud"}
    said = {"decision": "correct", "by": "ada", "why": None, **values}
    for name, escalated in (("T-1", None), ("T-2", "theft")):
        [run] = claim_all(office.ledger, *take_in(office.ledger, an_arrival(name)))
        move(
            office.ledger,
            run,
            (Kind.VALIDATED, {**values, "escalated": "theft" if not escalated else None}),
            (Kind.REVIEWED, {**said, "escalated": escalated}),
            (Kind.WRITTEN, {"outcome": "applied", "results": {}}),
        )
    office.look()
    assert office.fraud.heard == ["escalated: 1 ticket is escalated: T-2 (theft)"]


def test_a_ticket_that_comes_back_to_people_calls_them_again(office: Office) -> None:
    waiting(office, "T-1")
    office.look()
    [(run, _)] = office.ledger.in_review(handed=False)
    begun = {"stage": "enrich", "tier": "economy", "by": "ada", "cause": "unsure"}
    sent = move(office.ledger, run, (Kind.REQUEUED, begun), (Kind.SENT, {"send_n": run.send_n + 1}))
    [again] = claim_all(office.ledger, sent)
    body = {"stage": "validate", "reason": "refused", "why": "x", "until": NOON + 999}
    move(office.ledger, again, (Kind.IN_REVIEW, body))
    office.look(60)
    assert len(office.everybody.heard) == 2
    assert "T-1 (refused)" in office.everybody.heard[1]


def test_what_was_told_long_ago_is_forgotten(ledger: SqlLedger) -> None:
    """Each by the moment in which its run came in, which its id says."""
    old, new = (f"told {run_id(at)} 1" for at in (NOON - 60, NOON + 60))
    calls = [Call(mark=mark, ticket="T-1", issue_type=None, what="unsure") for mark in (old, new)]
    assert ledger.summon("review:everybody", calls, {}, NOON, pace=50)
    assert not ledger.summon("review:everybody", calls[:1], {}, NOON + 60, pace=50)
    ledger.forget_calls(NOON)
    assert ledger.marked("told ").keys() == {new, "told by review:everybody"}
