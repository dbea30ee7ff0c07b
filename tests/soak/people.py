"""Customers, their machines and the people of a Request Tracker, by chance."""

from collections import Counter
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from random import Random

from tests.servers.rt import QUEUES, Rt
from tests.simulation.parts import STOLEN

SAYS = ("Any news?", "It was in Lisbon, on Monday.", "Thank you, I have the new card.", "Any news?")
"""The same may be said twice: it is two messages all the same."""

AWAY = (
    {"Auto-Submitted": "auto-replied"},
    {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"},
    {"X-Autoreply": "yes"},
    {"Precedence": "bulk"},
)
ODDS: Mapping[str, float] = {
    "tickets": 1 / 30,
    "replies": 1 / 20,
    "auto_replies": 1 / 20,
    "auto_tickets": 1 / 100,
    "edits": 1 / 20,
    "notes": 1 / 40,
    "answers": 1 / 40,
    "closings": 1 / 60,
}
"""How likely each is between two polls, on a day like any other."""

REPLIES = 4
"""On one ticket; with more in ten minutes a ticket waits, for two machines may be talking."""

QUIET = 3
"""Polls after a message within which its ticket is left alone: each message is to be seen once."""


class People:
    """What each did, and how many messages of customers there are on each ticket."""

    def __init__(self, rt: Rt, chance: Random, busy: float) -> None:
        self.counts = Counter[str](dict.fromkeys(ODDS, 0))
        self.said = Counter[str]()
        self._rt = rt
        self._chance = chance
        self._busy = busy
        self._last: dict[str, int] = {}
        self._does: Mapping[str, Callable[[int], bool]] = {
            "tickets": self._opens,
            "replies": self._replies,
            "auto_replies": self._is_away,
            "auto_tickets": self._sends_a_report,
            "edits": self._edits,
            "notes": lambda _now: self._writes("comment"),
            "answers": lambda _now: self._writes("correspond"),
            "closings": self._closes,
        }

    @property
    def messages(self) -> int:
        """That customers have sent."""
        return self.said.total()

    def live(self, now: int) -> None:
        """Until the poll of that number; the first one has somebody to talk about."""
        acts = [name for name in ODDS if self._chance.random() < ODDS[name] * self._busy]
        self._chance.shuffle(acts)
        for act in ["tickets", *acts] if now == 0 else acts:
            self.counts[act] += self._does[act](now)

    def _opens(self, now: int) -> bool:
        ticket = self._rt.mail(self._mail(f"Card {now}", STOLEN))
        self._heard(ticket, now)
        return True

    def _replies(self, now: int) -> bool:
        fresh = [one for one in self._quiet(now) if self.said[one] <= REPLIES]
        if not fresh:
            return False
        ticket = self._chance.choice(fresh)
        self._rt.mail(self._mail(_re(ticket), self._chance.choice(SAYS)))
        self._heard(ticket, now)
        return True

    def _is_away(self, _now: int) -> bool:
        ticket = self._chance.choice(list(self.said))
        self._rt.mail(self._mail(_re(ticket), "I am away.", **self._chance.choice(AWAY)))
        return True

    def _sends_a_report(self, _now: int) -> bool:
        self._rt.mail(self._mail("Out of office", "I am away.", **self._chance.choice(AWAY)))
        return True

    def _edits(self, _now: int) -> bool:
        theirs = self._rt.config.fields
        body: object = self._chance.choice(
            (
                {"Priority": self._chance.choice(("20", "40", "75"))},
                {"Queue": self._chance.choice(QUEUES)},
                {"CustomFields": {theirs["issue_type"].name: "card"}},
            )
        )
        return self._asks("PUT", "", body)

    def _writes(self, how: str) -> bool:
        return self._asks("POST", f"/{how}", {"Content": "Ada here.", "ContentType": "text/plain"})

    def _closes(self, now: int) -> bool:
        """One that has nothing new on it: a poll sees open tickets alone."""
        quiet = self._quiet(now)
        return bool(quiet) and self._asks("PUT", "", {"Status": "resolved"}, quiet)

    def _asks(self, method: str, path: str, body: object, among: list[str] | None = None) -> bool:
        ticket = self._chance.choice(among or list(self.said))
        found = self._rt.ada.request(method, f"/ticket/{ticket}{path}", json=body)
        assert found.is_success, found.text
        return True

    def _quiet(self, now: int) -> list[str]:
        return [ticket for ticket, last in self._last.items() if now - last > QUIET]

    def _heard(self, ticket: str, now: int) -> None:
        self.said[ticket] += 1
        self._last[ticket] = now

    def _mail(self, subject: str, text: str, **headers: str) -> bytes:
        message = EmailMessage()
        message["From"], message["To"] = "basic@example.com", "help@example.org"
        message["Subject"] = subject
        for name, value in headers.items():
            message[name] = value
        message.set_content(text)
        return message.as_bytes()


def _re(ticket: str) -> str:
    return f"Re: [example.org #{ticket}] Card"
