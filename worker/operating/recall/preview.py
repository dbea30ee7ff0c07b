"""Looks into the helpdesk, which of what is to be taken back still stands there."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tasks.errands.taking_back import Step
from tasks.errors import NotAllowed
from tasks.ports.helpdesk import EVERY, Gone, Helpdesk, Seen, Traces
from worker.operating.recall.choosing import Ticket

AT_ONCE = 16
"""Tickets; a helpdesk that takes fewer requests has the others wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One field or note: what would become of it. `why` it would be left; None: it would not."""

    ticket: str
    target: str
    held: str | None
    to: str | None
    why: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """For scripts."""
        return {
            "ticket": self.ticket,
            "target": self.target,
            "from": self.held,
            "to": self.to,
            "why": self.why,
        }


def preview(
    tickets: Sequence[Ticket], helpdesk: Helpdesk, say: Callable[[int], object]
) -> list[Shown]:
    """Every field and note of these tickets; `say` is told how many tickets were looked at.

    Raises HelpdeskDown, RateLimited, CredentialRefused.
    """
    return asyncio.run(_preview(tickets, helpdesk, say))


async def _preview(
    tickets: Sequence[Ticket], helpdesk: Helpdesk, say: Callable[[int], object]
) -> list[Shown]:
    found: list[Shown] = []
    for start in range(0, len(tickets), AT_ONCE):
        some = tickets[start : start + AT_ONCE]
        for shown in await asyncio.gather(*(_look_at(ticket, helpdesk) for ticket in some)):
            found += shown
        say(start + len(some))
    return found


async def _look_at(ticket: Ticket, helpdesk: Helpdesk) -> list[Shown]:
    name = ticket.run.external_id
    left = [
        Shown(ticket=name, target=one.target, held=one.held, to=None, why=one.why)
        for one in ticket.taking.left
    ]
    if not ticket.taking.steps:
        return left
    try:
        seen = await helpdesk.look(name)
        traces = await helpdesk.traces(name, key=EVERY)
    except NotAllowed as error:  # of one ticket; of the others there is something to say
        seen, traces = Gone(str(error)), Traces()
    return [*left, *_shown(ticket, seen, traces)]


def _shown(ticket: Ticket, seen: Seen | Gone, traces: Traces) -> Iterator[Shown]:
    for step in ticket.taking.steps:
        yield Shown(
            ticket=ticket.run.external_id,
            target=step.target,
            held=step.held,
            to=step.to,
            why=_why(step, seen, traces),
        )


def _why(step: Step, seen: Seen | Gone, traces: Traces) -> str | None:
    """Why it would be left; None: it would not."""
    if isinstance(seen, Gone):
        return seen.why
    if not step.sure and not any(key in traces.counts for key in step.keys):
        return "it was never written"
    if step.is_note:
        return None
    holds = seen.fields[step.target]
    if holds != step.held:
        return f"it holds {holds or 'nothing'} by now"
    if traces.last.get(step.target, "") is None:
        return "a person has chosen the same"
    return None
