"""What is known about the people who write: made up from beginning to end."""

from datetime import date, datetime, timedelta
from itertools import accumulate, pairwise

from tests.fixture_maker.draw import Draw
from tests.fixture_maker.inbox import FIRST_DAY
from tests.fixture_maker.people import Person

Json = dict[str, object]

KNOWN = 102  # of 120 people; the others write from an address without an account
TIERS = (*("basic",) * 14, *("plus",) * 5, "business")
PLANS = {"basic": "personal", "plus": "plus", "business": "business"}
RENEWING_SOON_PERCENT = 35

MOVES = (
    *(("charge", "settled"),) * 5,
    *(("charge", "pending"), ("fee", "settled"), ("fee", "settled")),
    *(("refund", "settled"), ("refund", "pending"), ("payment_failed", "declined")),
    *(("chargeback", "open"), ("chargeback", "won")),
)
"""Kind and status of what may have happened to an account."""

CONTACTS = (
    ("Asked how long a transfer takes.", "answered"),
    ("Asked why a card payment was pending.", "answered"),
    ("Reported a card that had not arrived; a new one was sent.", "resolved"),
    ("Asked to have a fee explained.", "answered"),
    ("Could not verify the identity in the app; sent to the manual check.", "handed_over"),
    ("Complained about a declined payment.", "resolved"),
    ("Asked about top-up limits.", "answered"),
    ("Changed the address.", "resolved"),
    ("Did not reply to our question.", "closed_without_reply"),
)


def accounts(people: list[Person], draw: Draw) -> dict[str, Json]:
    """Accounts by e-mail address."""
    known = draw.shuffled(people, "known")[:KNOWN]
    return {
        person.email: _account(f"C-{number:04}", draw)
        for number, person in enumerate(sorted(known, key=lambda p: p.email), start=1001)
    }


def billing_events(customers: list[str], draw: Draw) -> dict[str, list[Json]]:
    """What moved each customer's money in the sixty days before, oldest first."""
    return {
        customer: [
            _move(f"B-{customer[2:]}-{number:02}", at, draw)
            for number, at in enumerate(_moments(customer, "billing", 6, 60, draw), start=1)
        ]
        for customer in customers
    }


def interactions(customers: list[str], draw: Draw) -> dict[str, list[Json]]:
    """Each customer's contacts with support in the year before, oldest first."""
    return {
        customer: [
            _contact(f"S-{customer[2:]}-{number:02}", at, draw)
            for number, at in enumerate(_moments(customer, "contacts", 4, 365, draw), start=1)
        ]
        for customer in customers
    }


def incidents(customers: list[str], draw: Draw) -> list[Json]:
    """Two that are open and touch a few customers, and three that are over."""
    touched = draw.shuffled(customers, "incidents")
    parts = [*accumulate((0, 12, 8, 20))]
    late, declined, abroad = (sorted(touched[start:end]) for start, end in pairwise(parts))
    return [
        _incident(1, "Top-ups arrive hours late", ["top_up"], (-10, None), late),
        _incident(
            2, "Card payments declined at some shops", ["card_payment"], (-31, None), declined
        ),
        _incident(3, "Transfers delayed for everybody", ["transfer"], (-400, -371), None),
        _incident(4, "Cash machines abroad out of reach", ["cash"], (-170, -164), abroad),
        _incident(5, "Wrong exchange rates shown in the app", ["exchange"], (-90, -88), None),
    ]


def _account(customer: str, draw: Draw) -> Json:
    tier = draw.one_of(TIERS, "tier", customer)
    since = date(2019, 1, 1) + timedelta(days=draw.below(2_800, "since", customer))
    return {
        "customer_id": customer,
        "plan": PLANS[tier],
        "tier": tier,
        "since": since.isoformat(),
        "renewal_at": None if tier == "basic" else _renewal(customer, draw).isoformat(),
    }


def _renewal(customer: str, draw: Draw) -> date:
    """Within thirty days after the inbox for some, within a year for the others."""
    soon = draw.happens(RENEWING_SOON_PERCENT, "soon", customer)
    days = draw.below(26, "renewal", customer) if soon else 60 + draw.below(300, "later", customer)
    return FIRST_DAY.date() + timedelta(days=4 + days)


def _move(name: str, at: datetime, draw: Draw) -> Json:
    kind, status = draw.one_of(MOVES, "move", name)
    pence = draw.below(900, "fee", name) if kind == "fee" else draw.below(25_000, "amount", name)
    return {
        "id": name,
        "at": _iso(at),
        "kind": kind,
        "amount": f"{(pence + 50) / 100:.2f}",
        "currency": draw.one_of(("GBP", "GBP", "EUR", "USD"), "currency", name),
        "status": status,
    }


def _contact(name: str, at: datetime, draw: Draw) -> Json:
    summary, outcome = draw.one_of(CONTACTS, "contact", name)
    channel = draw.one_of(("email", "chat", "phone"), "by", name)
    return {"id": name, "at": _iso(at), "channel": channel, "summary": summary, "outcome": outcome}


def _incident(
    number: int,
    title: str,
    issue_types: list[str],
    hours: tuple[int, int | None],
    customers: list[str] | None,
) -> Json:
    """Opened and closed so many hours after the first morning of the inbox."""
    opened, closed = hours
    return {
        "id": f"INC-{number:03}",
        "title": title,
        "issue_types": issue_types,
        "opened_at": _iso(_morning(opened)),
        "closed_at": None if closed is None else _iso(_morning(closed)),
        "customers": customers,
    }


def _moments(customer: str, what: str, most: int, days: int, draw: Draw) -> list[datetime]:
    count = draw.below(most + 1, what, customer)
    minutes = (draw.below(days * 1_440, what, customer, number) for number in range(count))
    return sorted(FIRST_DAY - timedelta(minutes=minute) for minute in minutes)


def _morning(hours: int) -> datetime:
    return FIRST_DAY + timedelta(hours=7 + hours)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
