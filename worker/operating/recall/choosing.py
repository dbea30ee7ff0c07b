"""What is meant to be taken back, and what that comes to by the ledger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tasks.errands.hand_over import is_hand_over
from tasks.errands.taking_back import Taking, batch_of, take_back
from tasks.errors import OperatorError
from tasks.ports.ledger import Filter, Wrote
from tasks.run import Run, State, TicketId
from worker.ledgers.recalling import Batch
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.sql import SqlLedger

ENDED = (State.WRITTEN, State.DEAD, State.DROPPED)
"""States from which nothing more is written by itself."""

MOVING = (State.QUEUED, State.RUNNING, State.WAITING)


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """All conditions hold together.

    `since` is epoch seconds: something was written then or later; `since_said` is how that was
    said, so that the same words are known again. `batch` is a recall: taking it back undoes it.
    """

    prompt: str | None = None
    model: str | None = None
    since: float | None = None
    since_said: str | None = None
    batch: str | None = None

    def as_words(self) -> Mapping[str, str]:
        """Condition to value, of those that there are."""
        said = {
            "prompt": self.prompt,
            "model": self.model,
            "since": self.since_said,
            "batch": self.batch,
        }
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One ticket to be taken back: by its `run`, the newest of those that are meant."""

    run: Run
    keys: tuple[str, ...]
    taking: Taking


@dataclass(frozen=True, kw_only=True, slots=True)
class Intended:
    """Everything that is meant. `moving`: tickets that were not written yet, and may be soon."""

    tickets: tuple[Ticket, ...]
    moving: int

    @property
    def planned(self) -> int:
        """Fields and notes to be restored."""
        return sum(len(ticket.taking.steps) for ticket in self.tickets)

    @property
    def left(self) -> int:
        """Fields and notes that are left, by what the ledger knows."""
        return sum(len(ticket.taking.left) for ticket in self.tickets)


def intend(ledger: SqlLedger, chosen: Chosen, residence: Residence = ANYWHERE) -> Intended:
    """What taking it back comes to, in the helpdesk that is configured.

    Raises OperatorError where nothing was meant by it, or all.
    """
    if not chosen.as_words():
        raise OperatorError("name what is to be taken back: --prompt, --model, --since or --batch")
    meant = [run for run in _runs(ledger, chosen) if residence.holds(run.source)]
    by_ticket: dict[TicketId, list[Run]] = {}
    for run in meant:
        if run.state in ENDED and run.stage != "recall":
            by_ticket.setdefault(run.ticket, []).append(run)
    wrote = ledger.written_to(by_ticket)
    tickets = [
        _ticket(runs, wrote[ticket], chosen)
        for ticket, runs in by_ticket.items()
        if any(one.intent.run == run.id for run in runs for one in wrote[ticket])
    ]
    return Intended(
        tickets=tuple(sorted(filter(None, tickets), key=lambda one: one.run.id)),
        moving=sum(run.state in MOVING and run.stage != "recall" for run in meant),
    )


def _ticket(runs: Iterable[Run], wrote: Sequence[Wrote], chosen: Chosen) -> Ticket | None:
    ids = {run.id for run in runs}
    keys = tuple(
        one.intent.key
        for one in wrote
        if one.intent.run in ids
        and batch_of(one.intent) == chosen.batch
        and not is_hand_over(one.intent)  # what it wrote came from no model
    )
    taking = take_back(wrote, keys)
    if not (taking.steps or taking.left):
        return None
    newest = max(runs, key=lambda run: run.revision)
    return Ticket(run=newest, keys=keys, taking=taking)


def _runs(ledger: SqlLedger, chosen: Chosen) -> list[Run]:
    """Whatever their state. Raises OperatorError for a name that nothing bears."""
    found = list(ledger.runs(Filter(prompt=chosen.prompt, model=chosen.model)))
    if not found and (chosen.prompt or chosen.model):
        raise OperatorError(_nothing_bears(ledger, chosen))
    if chosen.since is not None:
        since = ledger.intended_since(chosen.since)
        found = [run for run in found if run.id in since]
    if chosen.batch is not None:
        mine = {e.run for e in ledger.recall_events(batch_called(ledger, chosen.batch))}
        found = [run for run in found if run.id in mine]
    return found


def batch_called(ledger: SqlLedger, name: str) -> Batch:
    """The recall of that name. Raises OperatorError with those that there are."""
    recalls = {batch.id: batch for batch in ledger.recalls()}
    if name not in recalls:
        known = ", ".join(recalls) or "none yet"
        raise OperatorError(f"no recall is called {name!r}; there are: {known}")
    return recalls[name]


def _nothing_bears(ledger: SqlLedger, chosen: Chosen) -> str:
    runs = list(ledger.runs(Filter()))
    prompts = sorted({run.prompt for run in runs if run.prompt})
    models = sorted({run.model for run in runs if run.model})
    asked = " and ".join(f"{name} {value}" for name, value in chosen.as_words().items())
    return (
        f"no ticket was answered by {asked}; there are the prompts {', '.join(prompts) or 'none'} "
        f"and the models {', '.join(models) or 'none'}"
    )
