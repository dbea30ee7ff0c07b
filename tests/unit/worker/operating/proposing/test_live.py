"""Closed tickets are read from a helpdesk side by side; one that is broken stops nothing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tasks.errors import CredentialRefused, HelpdeskDown, OperatorError, RateLimited, Rejected
from tasks.ticket import ExternalId
from worker.helpdesks.archive import Decided
from worker.helpdesks.feed import Change, State
from worker.operating.proposing.live import MOST_BROKEN, PAUSE, Desk, read_desk
from worker.operating.proposing.past import Pile

NOW = "2026-11-20T10:00:00Z"
YEAR = timedelta(days=365)
Answer = Decided | Exception | None


def ticket(number: int, body: str | None = None, **labels: str) -> Decided:
    said = {
        "id": str(number),
        "subject": "",
        "body": f"text {number}" if body is None else body,
        "requester": {"email": f"C{number}@example.com"},
        "created_at": NOW,
    }
    return Decided(said=said, labels=labels)


@dataclass(kw_only=True)
class Stood:
    """A helpdesk whose closed tickets stand here, oldest first."""

    answers: Mapping[str, Answer]
    name: str = "rt:example.org"
    parallel: int = 4
    asked_since: str = ""
    told: list[tuple[int, int]] = field(default_factory=list)
    decide: Callable[[str], Answer] | None = None

    def clock(self) -> str:
        return NOW

    def newest(self) -> Change | None:
        return None

    def changed(self, since: str) -> Iterator[Change]:
        raise AssertionError(since)

    def touched(self, since: str) -> Iterator[Change]:
        raise AssertionError(since)

    def state(self, ticket: ExternalId, *, known: str) -> State:
        raise AssertionError((ticket, known))

    def closed(self, since: str) -> Iterator[Change]:
        self.asked_since = since
        return (Change(ticket=ExternalId(one), stamp=NOW) for one in self.answers)

    def count(self, since: str) -> int:
        raise AssertionError(since)

    def decided(self, ticket: ExternalId) -> Decided | None:
        answer = self.decide(ticket) if self.decide else self.answers[ticket]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def read(self, *queues: str, limit: int = 5_000) -> Pile:
        desk = Desk(feed=self, archive=self, queues=frozenset(queues), body_bytes=1_000)
        return read_desk(desk, YEAR, limit, lambda done, total: self.told.append((done, total)))


def stood(*tickets: Answer) -> Stood:
    return Stood(answers={str(number): one for number, one in enumerate(tickets)})


def test_an_issue_type_is_the_queue_where_people_set_none() -> None:
    """In the order of the helpdesk, with who wrote; a year back by its own clock."""
    desk = stood(*(ticket(n, queue="ab"[n % 2], priority="2") for n in range(40)))
    pile = desk.read("a", "b", "c")
    assert [one.issue_type for one in pile.tickets] == ["a", "b"] * 20
    assert {(one.queue, one.priority) for one in pile.tickets} == {("a", 2), ("b", 2)}
    assert (pile.tickets[0].text, pile.tickets[0].requester) == ("text 0", "c0@example.com")
    assert pile.queues == frozenset("abc")
    assert desk.asked_since == "2025-11-20T10:00:00Z"
    assert desk.told == [(n, 40) for n in range(1, 41)]


def test_an_issue_type_is_what_people_set_where_half_of_the_tickets_bear_one() -> None:
    """A queue that is disabled is not proposed."""
    desk = stood(
        ticket(0, issue_type="card", queue="a"),
        ticket(1, issue_type="cash", queue="gone"),
        ticket(2, queue="a"),
        ticket(3, queue="a"),
    )
    pile = desk.read("a")
    assert [(one.issue_type, one.queue) for one in pile.tickets] == [("card", "a"), ("cash", None)]
    [left] = pile.left_out
    assert (left.why, left.count, left.first) == ("no issue_type", 2, ("2", "3"))


def test_tickets_of_a_disabled_queue_are_counted_by_it() -> None:
    pile = stood(ticket(0, queue="a"), ticket(1, queue="gone"), ticket(2)).read("a")
    assert [one.issue_type for one in pile.tickets] == ["a"]
    assert {one.why for one in pile.left_out} == {"the queue gone is disabled", "no queue"}


def test_only_the_newest_are_read() -> None:
    pile = stood(*(ticket(n, queue="a") for n in range(9))).read("a", limit=3)
    assert [one.text for one in pile.tickets] == ["text 6", "text 7", "text 8"]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (HelpdeskDown("500"), "the helpdesk did not show it"),
        (Rejected("400"), "the helpdesk did not show it"),
        (None, "no customer has said anything"),
        (ticket(1, body=" "), "cannot be read: empty_text"),
        (ticket(1, body="x" * 2_000), "cannot be read: text_too_long"),
    ],
)
def test_one_broken_ticket_stops_nothing_and_is_counted(broken: Answer, why: str) -> None:
    pile = stood(ticket(0, queue="a"), broken, ticket(2, queue="a")).read("a")
    assert [one.text for one in pile.tickets] == ["text 0", "text 2"]
    [left] = pile.left_out
    assert (left.why, left.first) == (why, ("1",))


def test_a_helpdesk_that_is_away_is_no_broken_ticket() -> None:
    """It is said at once, and the rest is not asked about."""
    desk = stood(ticket(0, queue="a"), *[HelpdeskDown("it does not answer")] * (MOST_BROKEN + 500))
    with pytest.raises(HelpdeskDown, match="it does not answer"):
        desk.read("a")
    assert desk.told[-1][0] == MOST_BROKEN + 1


def test_a_token_that_is_refused_ends_it() -> None:
    with pytest.raises(CredentialRefused):
        stood(ticket(0, queue="a"), CredentialRefused("401", credential="TOKEN")).read("a")


def test_a_helpdesk_that_asks_for_a_pause_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    slept, limited = list[float](), [RateLimited("429", retry_after=3), RateLimited("429")]
    monkeypatch.setattr("worker.operating.proposing.live.time.sleep", slept.append)
    desk = stood(ticket(0, queue="a"))
    desk.decide = lambda _: limited.pop(0) if limited else ticket(0, queue="a")
    assert len(desk.read("a").tickets) == 1
    assert slept == [3, PAUSE]
    desk = replace(desk, decide=lambda _: RateLimited("429"))
    with pytest.raises(RateLimited):
        desk.read("a")


def test_where_nothing_was_closed_that_is_said() -> None:
    with pytest.raises(
        OperatorError, match=r"rt:example\.org has no ticket that was closed since 2025"
    ):
        stood().read("a")
