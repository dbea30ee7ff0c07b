"""Which tickets live in the helpdesk that is configured, where a ledger has known several."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, true

from worker.ledgers import schema

REMOTE = ("rt:", "roundup:")
"""How the sources of real helpdesks begin."""

ELSEWHERE = "its ticket lives in another helpdesk than the one that is configured here"
"""Why a run is left alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Residence:
    """A ticket is known by its number alone there: another helpdesk's would be another ticket."""

    only: str | None = None  # the one source of a real helpdesk
    never: tuple[str, ...] = ()  # how those of other helpdesks begin

    def holds(self, source: str) -> bool:
        """Whether the tickets of that source live here."""
        if self.only is not None:
            return source == self.only
        return not source.startswith(self.never)

    def where(self) -> ColumnElement[bool]:
        """The same as a condition on runs."""
        source = schema.runs.c.source
        if self.only is not None:
            return source == self.only
        return and_(true(), *(~source.startswith(one, autoescape=True) for one in self.never))


ANYWHERE = Residence()
