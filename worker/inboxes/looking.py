"""Looks at many tickets at once: what each says, and which of them cannot be looked at."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, replace

from tasks.errors import HelpdeskDown, RateLimited, TriageError
from worker.helpdesks.feed import Change, State

IN_A_ROW = 20
"""Tickets that cannot be looked at: then it is the helpdesk, and nobody asks on."""

Look = Callable[[Change], State]


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """What came of it, in the order of the tickets and up to where it made sense to go on.

    `failed` are tickets that could not be looked at among those that could; `cut` says why the
    rest is left for another time.
    """

    states: tuple[tuple[Change, State], ...]
    failed: tuple[tuple[Change, TriageError], ...]
    cut: TriageError | None

    def and_again(self, again: "Looked") -> "Looked":
        """With what came of those that could not be looked at in earlier polls."""
        return replace(
            self, states=(*self.states, *again.states), failed=(*self.failed, *again.failed)
        )

    @property
    def is_well(self) -> bool:
        """Whether the helpdesk is, as far as one can tell: at least half could be looked at."""
        return 0 < len(self.states) >= len(self.failed)

    @property
    def trouble(self) -> TriageError | None:
        """The first that there was."""
        return self.failed[0][1] if self.failed else self.cut


def look_at(changed: Sequence[Change], look: Look, *, parallel: int) -> Looked:
    """Looks at so many at a time. What the helpdesk says of one ticket is that one's own trouble.

    Unless it asks us to slow down, or says it of many in a row.
    """
    states: list[tuple[Change, State]] = []
    failed: list[tuple[Change, TriageError]] = []
    row: list[tuple[Change, TriageError]] = []
    cut: TriageError | None = None
    with ThreadPoolExecutor(parallel) as pool:
        for one, asked in _asked(pool, changed, look, ahead=2 * parallel):
            try:
                states.append((one, asked.result()))
            except RateLimited as error:
                cut = error
            except Exception as error:  # noqa: BLE001 - of one ticket; the others have to come in
                row.append((one, _said(error, one)))
                cut = row[0][1] if len(row) == IN_A_ROW else None
            else:
                failed, row = [*failed, *row], []
            if cut:
                pool.shutdown(wait=False, cancel_futures=True)
                break
        else:
            failed += row
    return Looked(states=tuple(states), failed=tuple(failed), cut=cut)


def _asked(
    pool: ThreadPoolExecutor, changed: Sequence[Change], look: Look, *, ahead: int
) -> Iterator[tuple[Change, Future[State]]]:
    """Each with its look, of which so many are under way before the first is wanted."""
    under_way: deque[tuple[Change, Future[State]]] = deque()
    for one in changed:
        # Each in a context of its own, for whoever holds requests back before they are sent.
        under_way.append((one, pool.submit(copy_context().run, look, one)))
        if len(under_way) == ahead:
            yield under_way.popleft()
    yield from under_way


def _said(error: Exception, change: Change) -> TriageError:
    """Of what nobody foresaw its kind alone: its words may be the customer's."""
    if isinstance(error, TriageError):
        return error
    unforeseen = HelpdeskDown(f"ticket {change.ticket}: unexpected {type(error).__name__}")
    unforeseen.__cause__ = error
    return unforeseen
