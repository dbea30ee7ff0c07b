"""The fixtures are what their READMEs say."""

import csv
import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

from pydantic import TypeAdapter

from tasks.facts import Account, BillingEvent, Incident, Interaction
from tasks.intake import Malformed, parse_ticket
from tasks.ticket import Ticket
from tests.house.checkout import ROOT

FIXTURES = ROOT / "fixtures"
BODY_BYTES = 65_536


def _inbox() -> list[tuple[bytes, Ticket | Malformed]]:
    lines = (FIXTURES / "inbox" / "bank.jsonl").read_bytes().removesuffix(b"\n").split(b"\n")
    return [(line, parse_ticket(line, body_bytes=BODY_BYTES)) for line in lines]


def _tickets() -> list[Ticket]:
    return [found for _, found in _inbox() if isinstance(found, Ticket)]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_inbox_has_290_tickets_and_ten_lines_that_are_none() -> None:
    """Each of the ten for another cause, spread among the others."""
    inbox = _inbox()
    causes = {n: found.cause for n, (_, found) in enumerate(inbox) if isinstance(found, Malformed)}
    assert (len(inbox), len(causes), len(set(causes.values()))) == (300, 10, 10)
    places = sorted(causes)
    assert all(later - earlier > 20 for earlier, later in pairwise(places))


def test_every_line_that_is_no_ticket_can_be_found() -> None:
    """By MALFORMED and its number, in whatever is left of it."""
    broken = [line for line, found in _inbox() if isinstance(found, Malformed)]
    for number, line in enumerate(broken, start=1):
        assert b"MALFORMED-%02d" % number in line


def test_every_ticket_has_a_label_of_the_grouping() -> None:
    """What a person decided, for all 290."""
    grouping = _rows(FIXTURES / "bank" / "intent_to_issue_type.csv")
    known = {row["issue_type"] for row in grouping}
    labels = [
        json.loads(line)["labels"]["issue_type"]
        for line, found in _inbox()
        if isinstance(found, Ticket)
    ]
    assert len(labels) == 290
    assert set(labels) == known


def test_a_subject_has_no_word_that_is_not_the_customers() -> None:
    """It is how the body begins."""
    for ticket in _tickets():
        assert " ".join(ticket.body.split()).startswith(ticket.subject)


def test_some_people_write_more_than_once() -> None:
    """Some 120 people, and each ticket has its own id."""
    tickets = _tickets()
    assert len({ticket.id for ticket in tickets}) == 290
    assert len({ticket.requester.email for ticket in tickets}) == 120


def test_nothing_in_the_inbox_is_trained_on() -> None:
    """Neither a body nor an earlier turn stands among the examples."""
    examples = {_spelled(row["text"]) for row in _rows(FIXTURES / "bank" / "train.csv")}
    said = {_spelled(text) for ticket in _tickets() for text in (ticket.body, *_earlier(ticket))}
    assert len(examples) > 9_900
    assert said & examples == set()


def test_the_it_helpdesks_tickets_are_as_many_of_each_topic() -> None:
    """Each text once, in their own words alone: no digit and no address is left in any."""
    rows = _rows(FIXTURES / "it_helpdesk" / "topics.csv")
    assert set(Counter(row["issue_type"] for row in rows).values()) == {200}
    assert len({row["text"] for row in rows}) == len(rows) == 1_600
    assert not any(letter in "@0123456789" for row in rows for letter in row["text"])


def test_the_facts_are_facts() -> None:
    """Each file can be read as what the journey works with, and the customers agree."""
    folder = FIXTURES / "facts"
    accounts = TypeAdapter(dict[str, Account]).validate_json(
        (folder / "accounts.json").read_bytes()
    )
    billing = TypeAdapter(dict[str, list[BillingEvent]]).validate_json(
        (folder / "billing_events.json").read_bytes()
    )
    incidents = TypeAdapter(list[Incident]).validate_json((folder / "incidents.json").read_bytes())
    contacts = TypeAdapter(dict[str, list[Interaction]]).validate_json(
        (folder / "interactions.json").read_bytes()
    )
    customers = {account.customer_id for account in accounts.values()}
    assert len(customers) == len(accounts) == 102
    assert billing.keys() == contacts.keys() == customers
    touched = {name for incident in incidents for name in incident.customers or ()}
    assert touched <= customers
    assert sum(incident.closed_at is None for incident in incidents) == 2


def test_some_customers_are_unknown() -> None:
    """A requester without an account is no error."""
    accounts = json.loads((FIXTURES / "facts" / "accounts.json").read_bytes())
    known = {ticket.requester.email in accounts for ticket in _tickets()}
    assert known == {True, False}


def _earlier(ticket: Ticket) -> list[str]:
    return [turn.body for turn in ticket.thread if turn.author == "customer"]


def _spelled(text: str) -> str:
    return " ".join(text.lower().split())
