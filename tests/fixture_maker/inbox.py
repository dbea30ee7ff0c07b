"""Makes tickets of messages: the customer's words stay as they are, the rest is made up."""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta

from tests.fixture_maker.draw import Draw
from tests.fixture_maker.malformed import malformed
from tests.fixture_maker.people import Person
from tests.fixture_maker.sample import Row, stratified

MESSAGES = 290
CONVERSATIONS = 15
FIRST_DAY = datetime(2026, 11, 16, tzinfo=UTC)
DAYS = 3
OPENS, CLOSES = 7, 22  # hours between which people write
CHANNELS = ("email", "email", "email", "chat", "chat", "web", "web", "app")
SUBJECT_WORDS = 7
ASKED_BACK = (
    "Thank you for writing to us. Could you tell us a little more about it?",
    "Sorry for the trouble. Could you describe once more what happened?",
    "Thanks, we have your message. Is there anything that you would like to add?",
)
PRESET = ({"queue": "triage"}, {"priority": "3"}, {"queue": "triage", "priority": "4"})
"""What a helpdesk may hold before anybody has looked: its defaults, or a person's first guess."""

TICKETS_WITH_FIELDS = 9


def inbox(rows: list[Row], people: list[Person], draw: Draw) -> list[bytes]:
    """The lines of the inbox in the order of their dates, ten malformed ones among them."""
    chosen = stratified(rows, MESSAGES, draw)
    tickets = _tickets(chosen, people, draw)
    _add_conversations(tickets, chosen, rows, draw)
    for ticket in draw.shuffled(tickets, "fields")[:TICKETS_WITH_FIELDS]:
        ticket["fields"] = draw.one_of(PRESET, "fields", ticket["id"])
    lines = [json.dumps(ticket, ensure_ascii=False).encode() for ticket in tickets]
    broken = malformed()
    apart = len(lines) // len(broken)
    for place, line in enumerate(broken):
        lines.insert(apart // 2 + place * (apart + 1), line)
    return lines


def subject(text: str) -> str:
    """The first words of the text, and not one that is not in it."""
    words = text.split()
    first = " ".join(words[:SUBJECT_WORDS])
    return first if len(words) <= SUBJECT_WORDS else first.rstrip(",;:-(")


def _tickets(chosen: list[Row], people: list[Person], draw: Draw) -> list[dict[str, object]]:
    """Everybody writes once; the other messages are by some of them again."""
    again = [draw.one_of(people, "again", row.id) for row in chosen[len(people) :]]
    moments = sorted(_moment(row, draw) for row in chosen)
    return [
        {
            "id": row.id,
            "subject": subject(row.text),
            "body": row.text,
            "channel": draw.one_of(CHANNELS, "channel", row.id),
            "requester": person.as_json(),
            "created_at": _iso(moment),
            "labels": {"issue_type": row.issue_type},
        }
        for row, person, moment in zip(
            chosen, draw.shuffled([*people, *again], "who"), moments, strict=True
        )
    ]


def _add_conversations(
    tickets: list[dict[str, object]], chosen: list[Row], rows: list[Row], draw: Draw
) -> None:
    """Earlier turns: another customer's message of the same intent, and an agent who asks back."""
    left: defaultdict[str, list[Row]] = defaultdict(list)
    taken = {row.id for row in chosen}
    for row in draw.shuffled((row for row in rows if row.id not in taken), "left"):
        left[row.intent].append(row)
    pairs = draw.shuffled(zip(tickets, chosen, strict=True), "conversations")
    for ticket, row in pairs[:CONVERSATIONS]:
        written = datetime.fromisoformat(str(ticket["created_at"]))
        waited = timedelta(minutes=30 + draw.below(300, "waited", row.id))
        ticket["thread"] = [
            {
                "author": "customer",
                "body": left[row.intent].pop().text,
                "at": _iso(written - 2 * waited),
            },
            {
                "author": "agent",
                "body": draw.one_of(ASKED_BACK, "asked", row.id),
                "at": _iso(written - waited),
            },
        ]


def _moment(row: Row, draw: Draw) -> datetime:
    day = FIRST_DAY + timedelta(days=draw.below(DAYS, "day", row.id))
    seconds = OPENS * 3600 + draw.below((CLOSES - OPENS) * 3600, "time", row.id)
    return day + timedelta(seconds=seconds)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
