"""Takes back what was written to a ticket, where it still stands and no person has chosen it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from tasks.desk import Past
from tasks.detour import Wait
from tasks.errands.taking_back import Step, batch_of, take_back
from tasks.ports.helpdesk import EVERY, Traces
from tasks.ports.ledger import Intent, Wrote
from tasks.protocol import Plan, Sender, Shut, carry_out
from tasks.run import RunId
from tasks.ticket import ExternalId


@dataclass(frozen=True, kw_only=True, slots=True)
class Reopened:
    """A run that was written, and is to be taken back: the writes with the `keys`.

    `wrote` is everything that was written to its ticket. `why` is an operator's reason, in words
    that people read in the helpdesk.
    """

    run: RunId
    ticket: ExternalId
    batch: str
    by: str
    why: str
    keys: Collection[str]
    wrote: Iterable[Wrote]
    past: Past


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """What came of each field and note."""

    results: tuple[Intent, ...]


async def recall(case: Reopened, sender: Sender) -> Recalled | Wait:
    """Puts back what was there before; the intent is recorded first, as for every write.

    Raises what `tasks.protocol.carry_out` does.
    """
    earlier = [one for one in case.wrote if batch_of(one.intent) != case.batch]
    steps = take_back(earlier, case.keys).steps
    # The history is asked as well: a person may have chosen the very value that we had written.
    traces = await sender.helpdesk.traces(case.ticket, key=EVERY)
    done = await carry_out(case.ticket, case.past, sender, lambda _seen: _plan(case, steps, traces))
    match done:
        case Wait():
            return done
        case Shut():
            told = {one.key for one in done.writes}
            plan = _plan(case, steps, traces)
            rest = (replace(one, outcome="gone") for one in plan.intents if one.key not in told)
            return Recalled(results=(*done.writes, *rest))
        case results:
            return Recalled(results=results)


def _plan(case: Reopened, steps: Iterable[Step], traces: Traces) -> Plan:
    made = [step for step in steps if step.sure or any(key in traces.counts for key in step.keys)]
    fields = [step for step in steps if not step.is_note]
    notes = [step for step in made if step.is_note]
    return Plan(
        fields=tuple(_intent(case, step) for step in fields),
        images={
            step.target: frozenset(
                {step.held} if step in made and _is_ours(step.target, traces) else ()
            )
            for step in fields
        },
        posts=tuple(_intent(case, step) for step in notes),
        notes={step.target: _text(case, step) for step in notes},
    )


def _intent(case: Reopened, step: Step) -> Intent:
    return Intent(
        key=f"{case.past.key}:{step.target}",
        run=case.run,
        target=step.target,
        before=step.held,
        wanted=step.to,
    )


def _is_ours(field: str, traces: Traces) -> bool:
    """Whether we changed it last; where the helpdesk cannot tell, its value has to."""
    return field not in traces.last or traces.last[field] is not None


def _text(case: Reopened, step: Step) -> str:
    which = ", ".join(step.keys)
    if step.stands:
        return f"Counts again: the note that was withdrawn here under {which} ({_reason(case)})"
    return f"Withdrawn: the note [{which}] does not count any more ({_reason(case)})"


def _reason(case: Reopened) -> str:
    return f"{case.why}; {case.by}, recall {case.batch}"
