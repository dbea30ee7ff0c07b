"""What is proposed: issue types with queues and priorities, and where people find the rest."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low

from config.taxonomy import LONGEST_QUEUE, is_queue
from tasks.errors import OperatorError
from worker.models.baseline.examples import Example
from worker.operating.proposing.past import Past, Pile
from worker.operating.proposing.slugs import slugs
from worker.operating.proposing.telling import telling_words

MOST_TYPES = 200
"""Nobody routes by more; a column with more values holds something else."""

PRIORITISED = 10
"""Tickets with a person's priority from which one is proposed."""

USUAL = 3
UNDECIDED = "undecided"
INCOMING = ("triage", "inbox", "general")
"""What helpdesks call the queue in which people sort; the first of these that there is is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedType:
    """One issue type. `called`: by people, so far."""

    name: str
    called: str
    words: tuple[str, ...]
    tickets: int
    queue: str
    in_queue: int  # of its tickets
    priority: int
    prioritised: int  # of its tickets, by people

    @property
    def shown(self) -> str:
        """What people call it, as far as it is a name."""
        return (
            self.called if len(self.called) <= LONGEST_QUEUE else f"{self.called[:LONGEST_QUEUE]}…"
        )

    @property
    def business(self) -> int:
        """The priority for a business customer: a step more urgent."""
        return max(1, self.priority - 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """A taxonomy, and the examples to teach it by. `idle`: queues without past tickets."""

    types: tuple[ProposedType, ...]
    fallback: str
    idle: tuple[str, ...]
    examples: tuple[Example, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The issue types' names, those with most tickets first."""
        return tuple(one.name for one in self.types)


def proposed(pile: Pile, *, fallback: str | None) -> Proposal:
    """The proposal for these tickets. Raises OperatorError where they do not tell two apart."""
    issue_types = pile.issue_types
    _refuse(issue_types)
    fallback = _fallback(pile, fallback)
    names, words = slugs(issue_types), telling_words(issue_types)
    used = {one.queue for one in pile.tickets if one.queue}
    own_names = pile.queues is None and not used
    return Proposal(
        types=tuple(
            _proposed(
                called,
                tickets,
                name=names[called],
                words=words[called],
                otherwise=called if own_names and is_queue(called) else fallback,
            )
            for called, tickets in issue_types.items()
        ),
        fallback=fallback,
        idle=tuple(sorted((pile.queues or frozenset()) - used)),
        examples=tuple(
            Example(text=one.text, intent=names[called], issue_type=names[called])
            for called, tickets in issue_types.items()
            for one in tickets
        ),
    )


def _refuse(issue_types: Mapping[str, Sequence[Past]]) -> None:
    match list(issue_types):
        case []:
            raise OperatorError("there is no ticket with a text and an issue type to learn from")
        case [only]:
            raise OperatorError(f"every ticket has the issue type {only!r}: it takes two at least")
        case many if len(many) > MOST_TYPES:
            raise OperatorError(
                f"there are {len(many):,} issue types, and {MOST_TYPES} are the most that anybody "
                "routes by: is it the right column?"
            )
        case _:
            return


def _proposed(
    called: str, tickets: Sequence[Past], *, name: str, words: tuple[str, ...], otherwise: str
) -> ProposedType:
    queues = Counter(one.queue for one in tickets if one.queue and is_queue(one.queue))
    queue, in_queue = queues.most_common(1)[0] if queues else (otherwise, 0)
    chosen = [one.priority for one in tickets if one.priority is not None]
    return ProposedType(
        name=name,
        called=called,
        words=words,
        tickets=len(tickets),
        queue=queue,
        in_queue=in_queue,
        priority=median_low(chosen) if len(chosen) >= PRIORITISED else USUAL,
        prioritised=len(chosen),
    )


def _fallback(pile: Pile, asked: str | None) -> str:
    """Where people find what no machine decided: as asked, or what looks like it."""
    used = Counter(one.queue for one in pile.tickets if one.queue and is_queue(one.queue))
    there = pile.queues if pile.queues is not None else frozenset(used)
    if asked is not None:
        return _as_asked(asked, pile.queues)
    by_name = {name.casefold(): name for name in sorted(there) if is_queue(name)}
    for name in INCOMING:
        if name in by_name:
            return by_name[name]
    # In a helpdesk it must be one that there is.
    return used.most_common(1)[0][0] if used and pile.queues is not None else UNDECIDED


def _as_asked(asked: str, queues: frozenset[str] | None) -> str:
    if not is_queue(asked):
        raise OperatorError(
            f"{asked!r} is no name of a queue: 1 to {LONGEST_QUEUE} printable characters"
        )
    if queues is not None and asked not in queues:
        raise OperatorError(f"there is no queue {asked!r}: {', '.join(sorted(queues))}")
    return asked
