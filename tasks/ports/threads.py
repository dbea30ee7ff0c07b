"""The port to what is remembered of a thread between its messages, for a while."""

from typing import Protocol

from tasks.run import TicketId
from tasks.summary import Summary


class Threads(Protocol):
    """Keeps the summary of one run's thread, for the next message of it.

    Promise: what was kept may be gone at any moment, and is then made again; nobody but the fleet
    can read it, and nobody at all once its requester was forgotten. Whoever knows more of the
    thread is not overwritten by who knows less. Nothing is raised, and nobody waits for longer
    than a second. `closed` keeps the notes on another ticket of the same requester, which is over:
    the last ones.
    """

    async def recall(self) -> Summary | None: ...

    async def keep(self, summary: Summary) -> None: ...

    def closed(self, ticket: TicketId) -> "Threads": ...


class Forgetful:
    """Implements Threads without keeping anything."""

    async def recall(self) -> Summary | None:
        """None."""
        return None

    async def keep(self, summary: Summary) -> None:
        """Lets go of it."""

    def closed(self, ticket: TicketId) -> "Forgetful":  # noqa: ARG002 - the port's shape
        """Not even which ticket it was."""
        return self


NOWHERE = Forgetful()
