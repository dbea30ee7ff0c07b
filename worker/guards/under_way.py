"""Calls that have not ended yet, for a breaker that judges by those that have.

Failures are quick and answers are slow: where many calls begin together, the first ones to end are
those that fail, be they ever so few. So whoever has outlived a failure is taken to be well.
"""

from worker.guards.passing import Pass


class UnderWay:
    """In the order in which they began. For one caller at a time; nothing takes long."""

    def __init__(self) -> None:
        self._outlived: dict[Pass, bool] = {}

    def begin(self, leave: Pass) -> None:
        """It was let through."""
        self._outlived[leave] = False

    def end(self, leave: Pass) -> bool:
        """It has ended; whether it was taken to be well before."""
        return self._outlived.pop(leave, False)

    def outlive(self, failed: Pass) -> int:
        """How many have, that began no later than it did: they are taken to be well from now on."""
        news = 0
        for leave, is_known in list(self._outlived.items()):
            if leave.begun > failed.begun:
                break
            if not is_known:
                self._outlived[leave] = True
                news += 1
        return news
