"""Calls of models: what the ledger has of each, and the request that came to a provider."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tasks.events import Event, Kind
from tasks.run import ERRANDS
from tests.acceptance.failure_policy import AWAY

SOON = 0.5
"""Seconds by which a clock may be behind another's: what is asked is recorded before it is sent."""

FINISHING = (Kind.ENRICHED, Kind.CLASSIFIED, Kind.VALIDATED, Kind.PROMOTED, Kind.DEGRADED)
"""After these nothing that came is a retry of what failed before them."""

Righted = Callable[[float], float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A line of a provider's log; tokens as billed."""

    n: int
    ticket: str
    provider: str
    at: float
    until: float
    fault: str
    status: int | None
    outcome: str
    model: str
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    @property
    def failed(self) -> bool:
        """Whether the provider was away, or went away in the middle of it."""
        return self.fault in AWAY or self.outcome == "dropped"

    @property
    def answered(self) -> bool:
        """Whether a model said something, however odd."""
        return self.status == 200 and self.outcome == "answered"


def request_of(line: Mapping[str, Any]) -> Request:
    """As the log has it."""
    names = ("n", "provider", "at", "fault", "status", "outcome", "model")
    tokens = ("input_tokens", "cached_tokens", "output_tokens")
    return Request(
        **{name: line[name] for name in (*names, *tokens)},
        ticket=line["ticket"] or "",
        until=line["at"] + line["seconds"],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """What the ledger says of a call. Times are those of a clock that is right."""

    run: str
    at: float
    until: float | None  # when it was settled; None: by whatever came next
    model: str
    provider: str
    account: str
    reserved: int
    charged: int
    failures: int  # of this stage before it
    is_probe: bool
    error: str | None = None
    retries_left: int | None = None  # of the fleet's, as the worker had heard last
    owner: str = ""  # the process that made it, by its incarnation

    @property
    def is_settled(self) -> bool:
        """Whether whoever made it lived to say what came of it."""
        return self.until is not None

    @property
    def is_retry(self) -> bool:
        """Whether the fleet's budget is for it."""
        return self.failures > 0 and not self.is_probe


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call. `request` is None where it never got to a provider."""

    ask: Ask
    request: Request | None = None

    @property
    def failed(self) -> bool:
        """Whether the provider was away: by its own log, or where it refused to be connected."""
        return self.request.failed if self.request else self.ask.error == "ProviderDown"


def called(
    runs: Sequence[Sequence[Event]], requests: Sequence[Request], true: Righted
) -> Iterator[Call]:
    """The calls about one ticket, each with its request; oldest first.

    A request's call is the last one that was recorded before it came: one before that never came.
    """
    calls = sorted(
        (Call(ask=ask) for events in runs for ask in asks(events, true)), key=lambda one: one.ask.at
    )
    free = len(calls)
    for request in reversed(requests):
        for place in range(free - 1, -1, -1):
            ask = calls[place].ask
            if ask.provider == request.provider and ask.at <= request.at + SOON:
                calls[place] = replace(calls[place], request=request)
                free = place
                break
    yield from calls


def asks(events: Sequence[Event], true: Righted) -> Iterator[Ask]:
    """The calls of one run, and what each has cost: what is not known has cost all of it."""
    failures, owner = 0, ""
    for place, event in enumerate(events):
        if event.kind is Kind.CLAIMED:
            owner = str(event.body["owner"])
        elif event.kind is Kind.FAILED and event.body["stage"] not in ERRANDS:
            failures += 1
        elif event.kind in FINISHING:
            failures = 0
        elif event.kind is Kind.ASKING:
            ask = _ask(event, _next(events[place + 1 :]), failures, true)
            yield replace(ask, owner=owner)


def _next(events: Sequence[Event]) -> Event | None:
    """What came next; a claim says nothing of a call."""
    return next((event for event in events if event.kind is not Kind.CLAIMED), None)


def _ask(event: Event, after: Event | None, failures: int, true: Righted) -> Ask:
    body: Mapping[str, Any] = event.body
    settled = after is not None and after.kind in (Kind.ANSWERED, Kind.UNANSWERED)
    told: Mapping[str, Any] = after.body if after and settled else {}
    return Ask(
        run=event.run,
        at=true(event.at),
        until=true(after.at) if after and settled else None,
        model=body["model"],
        provider=str(body["model"]).partition("/")[0],
        account=body["account"],
        reserved=body["reserved"],
        charged=told.get("micro_usd", body["reserved"]) if after else 0,
        failures=failures,
        is_probe=body["guards"].get("breaker") == "probe",
        error=told.get("error"),
        retries_left=body["guards"].get("retries_left"),
    )
