"""A proposed taxonomy, for people and scripts."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from worker.cli.output import print_table
from worker.models.baseline.threshold import FEW
from worker.operating.proposing.figures import Figures, OfType
from worker.operating.proposing.past import Omission, Pile
from worker.operating.proposing.proposal import Proposal, ProposedType

MOST_NAMED = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """All that is told.

    `there`: what is in the directory already and would be in the way. `besides`: what a
    configuration that is in use holds besides, and this one does not.
    """

    source: str
    directory: Path
    written: bool
    there: tuple[str, ...]
    besides: tuple[str, ...]
    max_wrong: float
    pile: Pile
    proposal: Proposal
    figures: Figures


def as_json(told: Told) -> dict[str, object]:
    """As docs/interface.md promises it to scripts."""
    found = told.figures
    low, high = found.interval
    return {
        "from": told.source,
        "dir": str(told.directory),
        "written": told.written,
        "tickets": found.tickets,
        "left_out": [asdict(one) for one in told.pile.left_out],
        "conflicting": told.pile.conflicting,
        "classes": [_class(one, found.types[one.name]) for one in told.proposal.types],
        "accuracy": found.accuracy,
        "accuracy_low": low,
        "accuracy_high": high,
        "coverage": found.coverage,
        "accuracy_of_answered": found.accuracy_of_answered,
        "fallback_queue": told.proposal.fallback,
        "queues_without_tickets": list(told.proposal.idle),
    }


def _class(one: ProposedType, worth: OfType) -> dict[str, object]:
    return {
        "issue_type": one.name,
        "called": one.called,
        "queue": one.queue,
        "n": one.tickets,
        "precision": worth.precision,
        "recall": worth.recall,
        "answered": worth.answered,
        "right": worth.right,
        "priority": one.priority,
        "too_rare": worth.too_rare,
    }


def print_proposal(told: Told) -> None:
    """A table, and what it means."""
    print_table(
        ["issue type", "queue", "tickets", "right of answered", "recognised", "priority"],
        [_row(one, told.figures.types[one.name]) for one in told.proposal.types],
    )
    for paragraph in (_worth(told), _lacks(told), _next(told)):
        print()
        print("\n".join(paragraph))


def _row(one: ProposedType, worth: OfType) -> Sequence[object]:
    right = f"{worth.right} of {worth.answered}" if worth.answered else "-"
    return one.name, one.queue, one.tickets, right, f"{worth.recall:.0%}", one.priority


def _worth(told: Told) -> Iterator[str]:
    found = told.figures
    low, high = found.interval
    yield f"Asked about {found.tickets:,} tickets of {told.source}, each before it learnt from it,"
    yield (
        f"local/baseline names the right issue type of {found.accuracy:.1%} "
        f"(95 %: {low:.1%} to {high:.1%})."
    )
    limit = f"at most {told.max_wrong:.1%} of its answers may be wrong (max_wrong in policy.toml)"
    if found.accuracy_of_answered is None:
        yield f"By itself it answers nothing: {limit}, which these tickets do not show."
        yield "Everything goes to people, or to a hosted model; more past tickets change that."
    else:
        yield (
            f"By itself it answers {found.coverage:.1%}, of which {found.accuracy_of_answered:.1%}"
            f" are right: {limit}. The rest goes to people."
        )


def _lacks(told: Told) -> Iterator[str]:
    types, idle = told.figures.types, told.proposal.idle
    if rare := [f"{name} ({one.tickets})" for name, one in types.items() if one.too_rare]:
        yield (
            f"Too rare, with fewer than {FEW} tickets: {_listed(rare)}. "
            "The local model leaves these to people until there are more."
        )
    silent = [name for name, one in types.items() if not (one.answered or one.too_rare)]
    if silent and told.figures.answered:
        yield f"Never answered with enough confidence: {_listed(silent)}. People decide these."
    if idle:
        yield f"Queues without past tickets, left out: {_listed(idle)}."
    yield from map(_omission, told.pile.left_out)
    if told.pile.conflicting:
        yield f"Texts with several issue types: {told.pile.conflicting:,}; the commonest counts."
    yield f"What no machine decides goes to the queue {told.proposal.fallback} (--fallback)."


def _omission(one: Omission) -> str:
    more = ", …" if one.count > len(one.first) else ""
    return f"Left out: {one.count:,}, {one.why} ({', '.join(one.first)}{more})."


def _next(told: Told) -> Iterator[str]:
    folder = shlex.quote(str(told.directory))
    if told.written:
        yield f"Written to {folder}, for its owner alone: training.csv holds what customers wrote."
        yield "Read taxonomy.toml: descriptions are yours to write, criteria yours to add. Then:"
        yield f"  export TRIAGE_CONFIG={folder}"
        yield "  triage check"
        if told.besides:
            yield f"Of the configuration in use copy what you need: {', '.join(told.besides)}."
        return
    yield (
        f"Nothing was written. With --yes {folder} gets taxonomy.toml, settings.toml, training.csv "
        "(what customers wrote) and facts/."
    )
    if told.there:
        yield (
            f"It has {', '.join(told.there)} already, and nothing is overwritten: "
            "name another directory with --dir."
        )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
