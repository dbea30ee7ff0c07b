"""The requester's earlier tickets: a line on each, and one compressed object on what was said.

The object is made once for the same text and kept for whoever writes next. A short thread is its
own best compression, and what talks to machines is told to none of them.
"""

from tasks.case import Enriched
from tasks.context import Closed, Earlier
from tasks.conversation import conversation
from tasks.desk import Desk
from tasks.instructions import talks_to_a_machine
from tasks.noting import Noting, note
from tasks.sections import BYTES_A_TOKEN
from tasks.summary import Summary, Talk, hashes
from tasks.ticket import Ticket, Turn

KEPT_CALLS = 5
"""Of a run's calls: a ticket on which several models are asked must not end for want of a call that
went into another ticket's notes. What is not compressed now is when the customer writes again."""


async def closed_threads(case: Enriched, desk: Desk, *, asks: bool) -> tuple[Earlier, ...]:
    """Newest first, as policy wants them. Raises LedgerDown, and what the journal does.

    What an earlier attempt of the run has put together stays: nothing is asked or paid for twice.
    `asks`: whether a model may be asked to compress what was said.
    """
    if case.received.known is not None:
        return case.received.known.before
    most = desk.policy.context.tickets
    found = await desk.journal.earlier(most) if most else ()
    return tuple([await _told(one, case, desk, asks=asks) for one in found])


async def _told(closed: Closed, case: Enriched, desk: Desk, *, asks: bool) -> Earlier:
    """Of a long one what is kept comes first: then it was gone through already."""
    if closed.ticket is None:
        return closed.line
    turns, most = _turns(closed.ticket), desk.policy.context.closed
    is_long = sum(len(turn.body) for turn in turns) > most * BYTES_A_TOKEN
    said = None if is_long else Talk.of(None, turns).whole(most)
    notes = await _kept(closed, turns, desk) if asks and not said else None
    if notes is None and talks_to_a_machine(closed.ticket, desk.policy.signs):
        return closed.line
    if notes is None:
        notes = said or await _compressed(closed, turns, case, desk, asks=asks)
    return closed.line.model_copy(update={"notes": notes.on(hashes(turns))})


def _turns(ticket: Ticket) -> tuple[Turn, ...]:
    """All of it, under its subject."""
    talk = conversation(ticket)
    subject = (Turn(author="customer", body=ticket.subject),) if ticket.subject.strip() else ()
    return (*subject, *talk.earlier, talk.newest, *talk.later)


async def _kept(closed: Closed, turns: tuple[Turn, ...], desk: Desk) -> Summary | None:
    kept = await desk.threads.closed(closed.thread).recall()
    return kept if kept and kept.covers == hashes(turns) else None


async def _compressed(
    closed: Closed, turns: tuple[Turn, ...], case: Enriched, desk: Desk, *, asks: bool
) -> Summary:
    budget, talk = desk.policy.context, Talk.of(None, turns)
    noting = Noting(
        purpose="compress",
        prompt=desk.compress,
        tier=budget.closed_tier,
        most=budget.closed,
        keeps=KEPT_CALLS,
    )
    came = await note(talk, noting, case, desk) if asks else None
    if isinstance(came, Summary):
        made = came.fitted(budget.closed).on(hashes(turns))
        await desk.threads.closed(closed.thread).keep(made)
        return made
    return talk.in_short(budget.closed)
