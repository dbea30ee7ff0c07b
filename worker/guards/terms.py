"""What a limit's script is asked: its keys, its times, and how much a request weighs."""

from dataclasses import dataclass

from config.guards import Limit
from tasks.ports.guards import Errand
from worker.guards.post import Argument

MINUTE = 60.0

SHARE = 0.05
"""Of the limit may go through at once after a pause: what those who come late have left over."""

EARLY = 0.95
"""Of the wait that is expected is told: some of those before never come, and all move up."""

FAR = 10
"""Windows: nobody is told to come later, for limits, lanes and the line may be others then."""

CLOSED = "triage:limits:closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """The times of a limit, in seconds, for a window of 60 s; a test's window is smaller."""

    window: float = MINUTE

    @property
    def span(self) -> float:
        """The window, and what a request may take to the provider's door."""
        return self.window * (1 + 1 / 30)

    @property
    def in_place(self) -> float:
        """What may be waited for without going back to the ledger."""
        return self.window / 60

    @property
    def hold(self) -> float:
        """How late one may come for whom room is kept."""
        return self.window / 15

    @property
    def arguments(self) -> tuple[float, ...]:
        """As limit_take.lua wants them.

        In the ledger nobody waits for less than a second, and who waits there comes 1.5 s late.
        Who is too late for the room that was kept has its old place for as long as FAR is.
        """
        second = self.window / 60
        return self.in_place, second, 1.5 * second, EARLY, self.hold, FAR * self.window


@dataclass(frozen=True, kw_only=True, slots=True)
class Weight:
    """How heavy a request is, and what fits into a window; 0: any number.

    The script counts requests one by one, and weighs them by their tokens. A visit to a helpdesk is
    many requests with one leave: there it is requests that are weighed.
    """

    tokens: int
    most_requests: int
    most_tokens: int


def weight_of(errand: Errand, limit: Limit) -> Weight:
    """What the errand takes up of its limit at most."""
    requests, tokens = limit.requests_per_minute or 0, limit.tokens_per_minute or 0
    if limit.by_visit:
        return Weight(tokens=max(1, errand.visit), most_requests=0, most_tokens=requests)
    return Weight(tokens=errand.tokens, most_requests=requests, most_tokens=tokens)


def root_of(upstream: str) -> str:
    """What its keys begin with."""
    return f"triage:limits:{upstream}"


def keys_of(upstream: str, whose: str | None) -> tuple[str, ...]:
    """The keys of limit_take.lua, in its order."""
    root = root_of(upstream)
    own = (f"{root}:entries", f"{root}:state", f"{root}:lanes")
    return (*own, CLOSED, f"{root}:place:{whose or ''}")


def arguments(
    errand: Errand, limit: Limit, id_: str, terms: Terms, now: float | None = None
) -> tuple[Argument, ...]:
    """What limit_take.lua is given; `now` in epoch seconds where it is not Redis' own."""
    weight = weight_of(errand, limit)
    return (
        "" if now is None else f"{now:.6f}",
        errand.upstream,
        errand.whose or "",
        id_,
        weight.tokens,
        weight.most_requests,
        weight.most_tokens,
        terms.span,
        SHARE,
        *terms.arguments,
        root_of(errand.upstream),
        errand.lane or "",
    )
