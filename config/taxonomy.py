"""The taxonomy: issue types, their queues, their priority policy and their escalation criteria."""

import hashlib
import re
from functools import cached_property
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Priority = Annotated[int, Field(ge=1, le=4)]
"""1 is most urgent, 4 least."""


def _usable(pattern: str) -> str:
    try:
        found = re.search(pattern, "")
    except re.error as error:
        message = f"{pattern!r} is not a regular expression: {error}"
        raise ValueError(message) from error
    if found:
        message = f"{pattern!r} is found in every text"
        raise ValueError(message)
    return pattern


Pattern = Annotated[str, AfterValidator(_usable)]
"""A regular expression, searched for without regard to case; never found in an empty text."""


LONGEST_QUEUE = 60


def is_queue(name: str) -> bool:
    """Whether a queue may be called so: text in any script, as helpdesks have it, in one line."""
    return 0 < len(name) <= LONGEST_QUEUE and name.isprintable() and name == name.strip()


def _queue(name: str) -> str:
    if not is_queue(name):
        message = f"{name!r} is no name of a queue: 1 to {LONGEST_QUEUE} printable characters"
        raise ValueError(message)
    return name


Queue = Annotated[str, AfterValidator(_queue)]
"""What a queue is called in the helpdesk."""


Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""


class Frozen(BaseModel):
    """A value of the configuration: no unknown keys, no change after it was read."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Criterion(Frozen):
    """When a person is called at once, and how a quote of the customer proves it."""

    id: str
    description: str
    patterns: tuple[Pattern, ...] = Field(min_length=1)  # any one found in the quote proves it
    unless: tuple[Pattern, ...] = ()  # any one found in the quote's sentence disproves it

    @cached_property
    def _compiled(self) -> tuple[tuple[re.Pattern[str], ...], tuple[re.Pattern[str], ...]]:
        flags = re.IGNORECASE
        return (
            tuple(re.compile(pattern, flags) for pattern in self.patterns),
            tuple(re.compile(pattern, flags) for pattern in self.unless),
        )

    def holds(self, quote: str, sentence: str | None = None) -> bool:
        """Whether this quote proves the criterion where it stands in `sentence` (alone: itself).

        "My card is stolen" proves a theft; cut out of "what if my card is stolen?" it does not.
        """
        needed, barred = self._compiled
        around = quote if sentence is None else sentence
        return any(p.search(quote) for p in needed) and not any(p.search(around) for p in barred)


class PriorityPolicy(Frozen):
    """The priority that policy expects, before and after the customer's facts."""

    basic: Priority
    plus: Priority
    business: Priority
    incident_steps: int = Field(default=1, ge=0, le=3)  # more urgent while an incident is open
    renewal_days: int = Field(default=30, ge=0)  # counted from the day of the ticket
    renewal_steps: int = Field(default=1, ge=0, le=3)  # more urgent when renewal is that near
    spread: int = Field(default=1, ge=0, le=3)  # how far a model may go from what is expected


class IssueType(Frozen):
    """One kind of problem that customers bring."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    description: str
    queue: Queue
    priority: PriorityPolicy
    criteria: tuple[str, ...] = ()


class Taxonomy(Frozen):
    """Every value that may be written to the helpdesk stands here."""

    issue_types: tuple[IssueType, ...] = Field(min_length=1)
    criteria: tuple[Criterion, ...] = ()
    fallback_queue: Queue
    languages: tuple[Language, ...] = ()  # that types and criteria are made for; none: any

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [issue.name for issue in self.issue_types]
        if len(set(names)) != len(names):
            message = "an issue type is named twice"
            raise ValueError(message)
        known = {criterion.id for criterion in self.criteria}
        for issue in self.issue_types:
            if missing := set(issue.criteria) - known:
                message = (
                    f"issue type {issue.name!r} names criteria that do not exist: {sorted(missing)}"
                )
                raise ValueError(message)
        return self

    @cached_property
    def _by_name(self) -> dict[str, IssueType]:
        return {issue.name: issue for issue in self.issue_types}

    @cached_property
    def _by_id(self) -> dict[str, Criterion]:
        return {criterion.id: criterion for criterion in self.criteria}

    @property
    def names(self) -> tuple[str, ...]:
        """The issue types' names, in the order of the configuration."""
        return tuple(self._by_name)

    def issue_type(self, name: str) -> IssueType | None:
        """The issue type of that name, None where the taxonomy has none."""
        return self._by_name.get(name)

    def supports(self, language: str | None) -> bool:
        """Whether it is made for a ticket in that language; None is one that nobody knows."""
        return language is None or not self.languages or language in self.languages

    def criterion(self, criterion_id: str) -> Criterion | None:
        """The criterion of that id, None where the taxonomy has none."""
        return self._by_id.get(criterion_id)

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits that change when anything in the taxonomy does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]
