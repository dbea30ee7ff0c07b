"""What people have decided in a helpdesk, for whoever learns from it. Every call blocks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tasks.ticket import ExternalId
from worker.helpdesks.feed import Change

DECIDED = ("issue_type", "priority", "queue")
"""Fields of ours that people decide about as well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """A closed ticket as its customer opened it, and what people decided about it.

    `said`: as JSON that `tasks.intake` takes, without what came later. `labels`: our names and
    values of DECIDED, of those fields alone that we did not set ourselves.
    """

    said: Mapping[str, Any]
    labels: Mapping[str, str]


class Archive(Protocol):
    """Raises HelpdeskDown, RateLimited, CredentialRefused, Rejected."""

    def closed(self, since: str) -> Iterator[Change]:
        """Tickets that people have done with, changed then or later, oldest change first."""
        ...

    def count(self, since: str) -> int:
        """How many `closed` gives."""
        ...

    def decided(self, ticket: ExternalId) -> Decided | None:
        """What people decided about it; None where it is gone or no customer has said anything."""
        ...
