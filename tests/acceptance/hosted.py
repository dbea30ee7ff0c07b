"""A fleet in front of a model provider that says what a test tells it to say about a ticket."""

import json
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tasks.run import Run
from tasks.ticket import ExternalId
from tests.acceptance.fleet import UNSETTLED, Place, Running, a_line
from tests.acceptance.patience import until
from tests.acceptance.wiretap import Wiretap
from tests.stubs.openai_server import OpenAIServer, a_completion
from worker.helpdesks.shown import ShownTicket
from worker.simulator.answer import Answer, answering
from worker.simulator.request import Request

MODEL = "openai/made-up"
POLICY = "[retry]\nbase_seconds = 0.05\ncap_seconds = 0.2\npark_seconds = 0.2\n"
GUARDS = "[breaker]\nleast_calls = 1000\ncredential_seconds = 0.3\n[retries]\nfloor = 1000\n"
"""A breaker that one test's failures do not open for the next one's tickets."""

SETTINGS = "[reaper]\nsweep_seconds = 0.2\n[intake]\npoll_seconds = 1\nbody_bytes = 4000\n"

ALERTS = "[limits]\nleast = 100_000\nleast_routed = 100_000\n"
"""Tests have a great deal go wrong; that is no news."""


class Provider(OpenAIServer):
    """Answers about each ticket what was planned for it, the last answer for ever; else `usual`."""

    def __init__(self, usual: Answer) -> None:
        super().__init__(usual)
        self.plans: dict[bytes, deque[Answer]] = {}
        self.came: dict[Request, float] = {}  # by a clock that only goes on, in seconds

    def next_answer(self) -> Answer:
        """What was planned for the ticket that the newest request is about."""
        newest = self.requests[-1]
        self.came[newest] = time.monotonic()
        raw = _own(newest)
        plan = next((plan for mark, plan in self.plans.items() if mark in raw), None)
        if plan is None:
            return super().next_answer()
        return plan.popleft() if len(plan) > 1 else plan[0]

    def asked(self, mark: str) -> list[Request]:
        """The requests about the ticket whose text has this mark."""
        return [request for request in list(self.requests) if mark.encode() in _own(request)]


def _own(request: Request) -> bytes:
    """What it says of its ticket, without the same customer's earlier ones."""
    return request.raw.partition(b'\\"earlier_tickets\\"')[0]


def says(**verdict: object) -> Answer:
    """An answer of the right shape; name what is to be different."""
    return answers(json.dumps({**VERDICT, **verdict}))


def answers(text: str | None, **choice: object) -> Answer:
    """A completion with that text."""
    completion: dict[str, Any] = a_completion(text)
    completion["choices"][0] |= choice
    return answering(completion)


def refuses(why: str = "I cannot help with that.") -> Answer:
    """A completion in which the model would rather not."""
    completion: dict[str, Any] = a_completion(None)
    completion["choices"][0]["message"]["refusal"] = why
    return answering(completion)


def fails(status: int, word: str = "no", **headers: str) -> Answer:
    """An error as providers send it, with that word in it; headers as `retry_after="1"`."""
    error = {"error": {"message": word, "type": "made_up", "param": None, "code": None}}
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(body=json.dumps(error).encode(), status=status, headers=named)


VERDICT: Mapping[str, object] = {
    "issue_type": "exchange",
    "priority": 4,  # as the policy expects of a customer on a basic plan
    "escalate": False,
    "evidence": [],
    "reason": "asks about a rate",
    "draft": None,
}


def environment(provider: OpenAIServer) -> dict[str, str]:
    """One model in place of every tier's."""
    return {
        "TRIAGE_MODEL": MODEL,
        "TRIAGE_MODEL_API_BASE": provider.url,
        "TRIAGE_MODEL_API_KEY": "made-up-key",
        "TRIAGE_MODEL_PRICE": "0.25,2",
    }


@dataclass(frozen=True, kw_only=True)
class Hosted:
    """A fleet that runs, and its provider."""

    place: Place
    provider: Provider
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def take_in(
        self,
        *plan: Answer,
        ticket: str = "",
        body: str = "Which rate is it?",
        **more: Any,  # noqa: ANN401 - a line's own
    ) -> str:
        """A ticket that nobody has seen, and what the provider says about it; the ticket's id."""
        ticket = ticket or f"T-{next(self.numbers):04}"
        if plan:
            self.plan(ticket, *plan)
        line = a_line(ticket, f"{body} (I wrote before: {ticket})", **more)
        assert self.place.take_in(line).ingested == 1
        return ticket

    def plan(self, ticket: str, *answers: Answer) -> None:
        """What the provider says about that ticket from now on."""
        self.provider.plans[ticket.encode()] = deque(answers)

    def triaged(self, *plan: Answer, **line: Any) -> Run:  # noqa: ANN401 - as above
        """The run of such a ticket when there is nothing left to be done by itself."""
        return self.settled(self.take_in(*plan, **line))

    def settled(self, ticket: str) -> Run:
        """That ticket's run when there is nothing left to be done by itself."""
        until(lambda: self.place.run(ticket).state not in UNSETTLED)
        return self.place.run(ticket)

    def asked(self, run: Run) -> list[Request]:
        """The requests about that ticket."""
        return self.provider.asked(run.external_id)

    def kinds(self, run: Run) -> list[str]:
        """What happened to the run, by its names."""
        return [str(event.kind) for event in self.place.shop.ledger.events(run.id)]

    def shown(self, ticket: str) -> ShownTicket:
        """The ticket as people see it."""
        shown = self.place.shop.sandbox.show(ExternalId(ticket))
        assert shown
        return shown

    def is_untouched(self, run: Run) -> bool:
        """Whether nothing that a model said has reached the helpdesk: at most, people were told."""
        shown = self.shown(run.external_id)
        keys = [*(note.key for note in shown.notes), *(step.key or "" for step in shown.history)]
        held = {name: value for name, value in shown.fields.items() if value is not None}
        return all(key.startswith("ho-") for key in keys) and held in ({}, {"queue": "triage"})


@dataclass(frozen=True, kw_only=True)
class Overheard(Hosted):
    """As `triage up` has it in front, with everything that was said to its broker."""

    front: Running
    tap: Wiretap
