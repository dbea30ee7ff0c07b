"""What a breaker may have counted, told again from the ledger: each call once, as known by then."""

from collections.abc import Iterator, Sequence
from itertools import count

from tests.chaos.calls import Call


class Counted:
    """The calls of one provider, in the order in which they came to count."""

    def __init__(self, newest: int) -> None:
        self._newest = newest
        self._numbers = count()
        self._place: dict[int, int] = {}  # of a call -> its number
        self._failed: set[int] = set()

    def __len__(self) -> int:
        return len(self._place)

    def end(self, number: int, *, failed: bool) -> None:
        """It is known; one that was taken to be well, and is, keeps its place."""
        if failed:
            self._failed.add(number)
        if failed or number not in self._place:
            self._place[number] = next(self._numbers)

    def outlive(self, number: int) -> None:
        """It is under way, and was when a later one failed: it is taken to be well."""
        if number not in self._place:
            self._place[number] = next(self._numbers)

    @property
    def share(self) -> float:
        """Of failures among the newest."""
        newest = sorted(self._place, key=self._place.__getitem__)[-self._newest :]
        return sum(number in self._failed for number in newest) / len(newest)


def shares(
    calls: Sequence[Call], *, since: float, until: float, newest: int, least: int
) -> Iterator[tuple[float, float]]:
    """After each end in that time: when it was, and the share of failures by then.

    What was no failure of the provider's, and what was held back, says nothing. Of who is under
    way a process knows its own: what it takes to be well, it hears of no other.
    """
    counted = Counted(newest)
    ends = [
        (call.ask.until, number, call.failed)
        for number, call in enumerate(calls)
        if call.ask.until
        and since < call.ask.until <= until
        and (call.failed or not call.ask.error)
    ]
    for at, number, failed in sorted(ends):
        if failed:
            for other in _under_way(calls, number, at):
                counted.outlive(other)
        counted.end(number, failed=failed)
        if len(counted) >= least:
            yield at, counted.share


def _under_way(calls: Sequence[Call], failed: int, at: float) -> Iterator[int]:
    """Those of the same process that began no later than the one that has failed."""
    its = calls[failed].ask
    for number, call in enumerate(calls):
        ask = call.ask
        is_known = ask.until is not None and ask.until <= at
        if number != failed and ask.owner == its.owner and ask.at <= its.at and not is_known:
            yield number
