"""Guards that let everything through: for what an operator does by hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tasks.ports.guards import Errand, Permit


class OpenDoor:
    """Implements Guards; it holds nobody back and remembers nothing."""

    @asynccontextmanager
    async def admit(self, errand: Errand) -> AsyncIterator[Permit]:  # noqa: ARG002 - the port's
        """Leave."""
        yield Permit()
