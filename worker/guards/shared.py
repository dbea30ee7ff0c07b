"""What the processes of a fleet tell each other about a breaker, and where they do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tasks.errors import TriageError

State = Literal["closed", "open"]


class SharedAway(TriageError):
    """The place where breakers are shared does not answer; each process is on its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """How a breaker stands. Spans are seconds from now, so that no two clocks are compared.

    `generation` grows with every change; 0: of one that nobody has shared yet.
    """

    generation: int = 0
    state: State = "closed"
    since: float = 0.0  # epoch seconds, for people
    interval: float = 0.0  # how long it stays open, or did last
    due_in: float = 0.0  # until it may be probed
    closed_ago: float | None = None  # None: it was never open
    cause: str = ""  # of one that a person must mend: its error and its credential


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """The right to probe, for so many seconds."""

    token: str
    seconds: float


Count = tuple[float, int, int]
"""Seconds ago, letters of success, of failure."""

GOOD, BAD = ".", "x"
"""How one call ended, in a word of such letters: the newest is the last."""

SOON, LATE = ",", "X"
"""Of a call that is taken to be well before it has ended; and of one that has failed after all."""

LETTERS = 2
"""For a call at most."""


def failing(successes: int, failures: int, last: str, most: int) -> float | None:
    """The share of failures among the `most` newest calls of a window; None where nobody called.

    Who has failed after all counts for that alone: each such failure takes the place of one that
    was taken to be well before it. A window with fewer letters than `last` has forgotten some.
    """
    letters = successes + failures
    if not last or not letters:
        return failures / letters if letters else None
    bad, calls = newest(last[-letters:], most)
    return bad / calls


def newest(last: str, most: int) -> tuple[int, int]:
    """Failures among the `most` newest calls that these letters tell of, and how many those are."""
    calls = bad = failed_after_all = 0
    for letter in reversed(last):
        if letter == SOON and failed_after_all:
            failed_after_all -= 1
            continue
        failed_after_all += letter == LATE
        bad += letter in {BAD, LATE}
        calls += 1
        if calls == most:
            break
    return bad, calls


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What one process knows of one breaker, and what it wants."""

    name: str
    heard: int  # the generation that it heard last
    record: Record  # a change of its own has a higher one
    counts: tuple[Count, ...] = ()
    last: str = ""  # how the newest of these ended
    most: int = 60  # of these letters that are kept
    counted_in: int = 0  # the generation that these calls were made in
    window: float = 0.0
    probe: Lease | None = None  # that it has
    back: Lease | None = None  # that it gives back; it is due in so many seconds then


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """How that breaker stands for everybody."""

    record: Record
    took: bool  # what was told stands now, and did not before
    successes: int
    failures: int
    last: str  # how the newest of these calls ended, whoever made them
    probe_in: float  # until somebody else may probe; 0: nobody does


class Shared(Protocol):
    """One place for all processes of a fleet.

    Promise: a change is taken only by who had heard the newest state (or knows a newer one than is
    there, because what was there is lost), counts only while the breaker is closed and in the
    generation that they were made in. `lease` gives one process the right to probe, where the
    breaker is open, due, and as new as `generation`; else it says in how many seconds to ask again.
    Each is one round trip. Raises SharedAway within a second.
    """

    def sync(self, told: Sequence[Told]) -> Sequence[Heard]: ...

    def lease(self, name: str, generation: int, wanted: Lease) -> float | None: ...

    def names(self) -> Sequence[str]: ...
