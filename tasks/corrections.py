"""What people have set after a decision, as corrections of it: pure.

A correction is what a person chose knowing what we had written. What stood there before is none,
and neither is what we wrote ourselves: the chain of our writes to a field ends in what it held when
we were through, and only another value than that is somebody else's. Where we wrote no field, the
moment of the choice tells, or what the ticket held when it came in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks.errands.taking_back import place
from tasks.ports.inbox import Choice
from tasks.ports.ledger import Intent, Wrote
from tasks.run import Outcome, Run, State

FIELDS = ("issue_type", "priority", "queue")
"""What people correct."""

OUTCOMES = (Outcome.APPLIED, Outcome.PARTLY, Outcome.SUGGESTED, Outcome.SHADOW)
"""Of a decision that stands; one that was recalled is nobody's any more."""

UNTOLD = "helpdesk"
"""Who it was, where the helpdesk does not tell."""

GRAIN = 1.0
"""Seconds that helpdesks' stamps are coarse by."""

LONGEST = 200
STRANGE = re.compile(r"[^\x20-\ud7ff\ue000-\U0010ffff]|[\x7f-\x9f]")

Held = Mapping[str, str | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """A person says that the field should be `truth`; `said` is what was decided.

    `is_news`: whether it says so against us, or takes back what was said before.
    """

    field: str
    said: str
    truth: str
    by: str
    is_news: bool


def said_by(run: Run) -> dict[str, str]:
    """What was decided, by field; nothing of what was not."""
    priority = str(run.priority) if run.priority else None
    decided = {"issue_type": run.issue_type, "priority": priority, "queue": run.queue}
    return {name: value for name, value in decided.items() if value is not None}


def stands(run: Run) -> bool:
    """Whether what was decided can be corrected."""
    return run.state is State.WRITTEN and run.outcome in OUTCOMES


def corrections(
    run: Run,
    choices: Mapping[str, Choice],
    *,
    now: float,
    wrote: Iterable[Wrote],
    held: Held | None,
    known: Mapping[str, str],
) -> Iterator[Correction]:
    """What people have set since `run` was written, as far as it is not `known` yet.

    `now`: epoch seconds when they were read. `wrote`: all writes to its ticket. `held`: what its
    fields held when it came in, where somebody kept that. `known`: corrections of it so far.
    """
    chain = sorted(wrote, key=place)
    for name, said in said_by(run).items():
        choice = choices.get(name)
        if choice is None or not choice.value:
            continue
        truth = plain(choice.value)
        if name in known:
            is_new = truth != known[name]
        else:
            is_new = _is_later(run, name, choice, chain, held, now)
        if is_new:
            is_news = truth != said or name in known
            by = choice.by or UNTOLD
            yield Correction(field=name, said=said, truth=truth, by=by, is_news=is_news)


def _is_later(
    run: Run, name: str, choice: Choice, chain: Sequence[Wrote], held: Held | None, now: float
) -> bool:
    """Whether somebody has set it after us."""
    ours = [one.intent for one in chain if one.intent.target == name]
    ours = [one for one in ours if one.outcome not in {"gone", "left"}]
    if ours:
        return ours[-1].outcome is not None and plain(_left(ours[-1]) or "") != plain(choice.value)
    if choice.ago is not None:
        return now - choice.ago + GRAIN > (run.routed_at or run.changed_at)
    return held is not None and held.get(name) != choice.value


def _left(intent: Intent) -> str | None:
    """What the field held when that write was done; what came in that same moment is not ours."""
    return intent.holds if intent.outcome == "kept" else intent.wanted


def plain(value: str) -> str:
    """As an event may hold it: one line, and no more of it than a value has."""
    return STRANGE.sub("\ufffd", value)[:LONGEST]
