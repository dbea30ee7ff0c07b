"""Past tickets from a helpdesk's archive."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from tasks.errors import HelpdeskDown, OperatorError, RateLimited, Rejected
from tasks.intake import Malformed, parse_ticket
from tasks.ticket import ExternalId
from worker.helpdesks.archive import Archive, Decided
from worker.helpdesks.feed import Feed, later
from worker.operating.proposing.past import Omissions, Past, Pile, as_priority, one_line, piled

Told = Callable[[int, int], None]
"""Hears how many tickets have been read, of how many."""

MOST_BROKEN = 20
"""Tickets in a row that cannot be read: then it is not the tickets."""

ASKS = 3
PAUSE = 5.0
LONGEST_PAUSE = 60.0
"""Seconds to wait for a helpdesk that asks us to slow down."""

UNREAD = "the helpdesk did not show it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """What of a helpdesk is read. `queues`: those that tickets may be moved to, in our names."""

    feed: Feed
    archive: Archive
    queues: frozenset[str]
    body_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Closed:
    """A ticket that could be read; nothing in it is a decision yet."""

    ticket: ExternalId
    text: str
    requester: str
    decided: Decided

    def label(self, name: str) -> str | None:
        """What people have decided, in one line."""
        return one_line(self.decided.labels.get(name, "")) or None


def read_desk(desk: Desk, span: timedelta, limit: int, told: Told) -> Pile:
    """The newest tickets, `limit` at most, that people have done with in that span until now.

    An issue type is what people set as one, where at least half of the tickets bear one; else it
    is the queue. Raises OperatorError where there are none, and what Archive raises.
    """
    since = later(desk.feed.clock(), -span)
    closed = [one.ticket for one in deque(desk.archive.closed(since), maxlen=limit)]
    if not closed:
        raise OperatorError(f"{desk.feed.name} has no ticket that was closed since {since}")
    omissions = Omissions()
    found = list(_readable(desk, closed, omissions, told))
    labelled = sum(one.label("issue_type") is not None for one in found)
    name = "issue_type" if 2 * labelled >= len(found) else "queue"
    return piled(_past(found, name, desk.queues, omissions), omissions, queues=desk.queues)


def _readable(
    desk: Desk, closed: Sequence[ExternalId], omissions: Omissions, told: Told
) -> Iterator[_Closed]:
    broken = 0
    pool = ThreadPoolExecutor(desk.feed.parallel)
    try:
        answers = pool.map(lambda ticket: _asked(desk.archive, ticket), closed)
        for number, (ticket, answer) in enumerate(zip(closed, answers, strict=True), start=1):
            told(number, len(closed))
            broken = broken + 1 if isinstance(answer, Exception) else 0
            if isinstance(answer, Exception) and broken == MOST_BROKEN:
                raise answer
            match _as_closed(ticket, answer, desk.body_bytes):
                case _Closed() as one:
                    yield one
                case why:
                    omissions.add(why, str(ticket))
    finally:
        pool.shutdown(cancel_futures=True)


def _asked(archive: Archive, ticket: ExternalId) -> Decided | HelpdeskDown | Rejected | None:
    """What people decided about it; an error that may be this one ticket's is returned."""
    for _ in range(ASKS - 1):
        try:
            return archive.decided(ticket)
        except (HelpdeskDown, Rejected) as error:
            return error
        except RateLimited as error:
            time.sleep(min(error.retry_after or PAUSE, LONGEST_PAUSE))
    return archive.decided(ticket)


def _as_closed(
    ticket: ExternalId, answer: Decided | HelpdeskDown | Rejected | None, body_bytes: int
) -> _Closed | str:
    """What can be learnt from, or why there is nothing."""
    match answer:
        case None:
            return "no customer has said anything"
        case Decided():
            said = parse_ticket(json.dumps(answer.said).encode(), body_bytes=body_bytes)
            if isinstance(said, Malformed):
                return f"cannot be read: {said.cause}"
            text = "\n".join(said.said())
            requester = said.requester.email.lower()
            return _Closed(ticket=ticket, text=text, requester=requester, decided=answer)
        case _:
            return UNREAD


def _past(
    found: Sequence[_Closed], name: str, queues: frozenset[str], omissions: Omissions
) -> Iterator[tuple[str, Past]]:
    for one in found:
        queue = one.label("queue")
        usable = queue if queue in queues else None
        issue_type = one.label(name) if name != "queue" else usable
        if issue_type is None:
            gone = name == "queue" and queue is not None
            omissions.add(f"the queue {queue} is disabled" if gone else f"no {name}", one.ticket)
            continue
        yield (
            one.ticket,
            Past(
                text=one.text,
                issue_type=issue_type,
                queue=usable,
                priority=as_priority(one.label("priority")),
                requester=one.requester,
            ),
        )
