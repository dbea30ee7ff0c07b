"""What most integrations do: send, and send again until there is an answer."""

from collections import Counter

import httpx

from tests.soak.proxy import Proxy
from tests.soak.sites import Site

TICKETS = 50
NOTES = 2
TRIES = 12


def naive(helpdesk: Site, proxy: Proxy) -> dict[str, int]:
    """Tickets that it wrote to through the same line, and what is there twice by its history."""
    proxy.is_fair = True
    tickets = [helpdesk.deliver(f"Naive {n}", "My card was stolen.") for n in range(TICKETS)]
    proxy.is_fair = False
    lost = proxy.lost_answers
    for ticket in tickets:
        for note in range(NOTES):
            _again_and_again(helpdesk, proxy, ticket, f"A draft {note}")
    proxy.is_fair = True
    pages = helpdesk.pages(tickets)
    notes = [Counter(text.strip() for _, text in pages[ticket].notes) for ticket in tickets]
    return {
        "tickets": TICKETS,
        "notes": NOTES * TICKETS,
        "lost_answers": proxy.lost_answers - lost,
        "notes_there_more_than_once": sum(n > 1 for found in notes for n in found.values()),
        "notes_missing": sum(NOTES - len(found) for found in notes),
    }


def _again_and_again(helpdesk: Site, proxy: Proxy, ticket: str, text: str) -> None:
    for _ in range(TRIES):
        try:
            if helpdesk.note_naively(proxy.url, ticket, text).is_success:
                return
        except httpx.HTTPError:
            continue
