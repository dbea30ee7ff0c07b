"""Guards that hold back whom they are told to, and remember who came."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tasks.errors import TriageError
from tasks.ports.guards import Ended, Errand, Permit


@dataclass(slots=True)
class StrictGuards:
    """Implements Guards. `closed`: by the name of a model, what is raised for it.

    `late`: the same, by the last look just before the request.
    """

    closed: dict[str, TriageError] = field(default_factory=dict)
    late: dict[str, TriageError] = field(default_factory=dict)
    came: list[Errand] = field(default_factory=list)
    ended: list[Ended | None] = field(default_factory=list)

    @asynccontextmanager
    async def admit(self, errand: Errand) -> AsyncIterator[Permit]:
        """Leave, unless that model is closed."""
        self.came.append(errand)
        if errand.model in self.closed:
            raise self.closed[errand.model]
        permit = Permit(standing={"breaker": "closed"}, look=lambda: self._look(errand))
        try:
            yield permit
        except BaseException as error:
            if permit.ended is None:
                permit.tell(error)
            raise
        finally:
            self.ended.append(permit.ended)

    def _look(self, errand: Errand) -> None:
        if errand.model in self.late:
            raise self.late[errand.model]
