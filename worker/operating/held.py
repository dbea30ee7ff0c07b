"""What the helpdesk holds of a ticket by now, and what of that a person has chosen."""

import asyncio
from collections.abc import Mapping

from tasks.desk import Past
from tasks.errands.hand_over import is_hand_over
from tasks.errors import TriageError
from tasks.images import images
from tasks.ports.helpdesk import Gone, Seen
from tasks.run import Run
from tasks.ticket import Ticket
from worker.compose import Shop

PATIENCE = 5.0
"""Seconds; whoever sits at a shell does not wait for a helpdesk that hangs."""


def look(shop: Shop, run: Run) -> Seen | Gone | None:
    """The ticket as it stands there; None where it does not answer, or is not the ticket's."""
    if not shop.residence.holds(run.source):
        return None

    async def within() -> Seen | Gone:
        async with asyncio.timeout(PATIENCE):
            return await shop.helpdesk.look(run.external_id)

    try:
        return asyncio.run(within())
    except (TriageError, TimeoutError):
        return None


def kept(
    shop: Shop, run: Run, ticket: Ticket, seen: Seen, wanted: Mapping[str, str]
) -> dict[str, str | None]:
    """Of these fields those that a person has set to something else, with what they hold."""
    writes = shop.ledger.writes(run.id)
    past = Past(
        key="",
        earlier=shop.ledger.earlier_writes(run) if run.revision > 1 else (),
        own=tuple(one for one in writes if not is_hand_over(one)),
        handed=tuple(one for one in writes if is_hand_over(one)),
    )
    may_hold = images(ticket, past)
    return {
        name: seen.fields[name]
        for name, value in wanted.items()
        if seen.fields[name] not in {value, *may_hold[name]}
    }
