"""The invariants, from independent records: the ledger, and the helpdesk's own history.

Their numbers are those of docs/reliability.md.
"""

from collections import Counter
from collections.abc import Sequence

from tasks.delivery import BACK
from tasks.errands.taking_back import batch_of
from tasks.events import Kind
from tasks.journey import fold
from tasks.ports.ledger import Intent
from tasks.run import Run, State
from tests.simulation.world import World
from worker.helpdesks.shown import MACHINE, ShownTicket

SETTLED = {"applied", "already", "kept", "left", "gone"}


def expect_balance(world: World) -> None:
    """I1 and I4, which hold at every moment."""
    assert world.ledger.books().balanced
    for run in world.runs():
        assert fold(world.ledger.events(run.id)) == run


def expect_truth(world: World) -> None:
    """What holds when everything has come to rest."""
    expect_balance(world)
    for run in world.runs():
        assert run.state in (State.WRITTEN, State.IN_REVIEW, State.DEAD, State.DROPPED)
        _expect_recalled(world, run)
        _expect_effects(world, run)


def _expect_recalled(world: World, run: Run) -> None:
    """Whoever was to be taken back was, or is a dead letter of that."""
    kinds = Counter(event.kind for event in world.ledger.events(run.id))
    if run.stage != "recall":
        assert kinds[Kind.RECALLED] == kinds[Kind.RECALLING]


def _expect_effects(world: World, run: Run) -> None:
    """I2 and I3: what is recorded of each write is what the helpdesk's own history says."""
    shown = world.helpdesk.show(run.external_id)
    assert shown is not None
    found = _keys(shown)
    intents = sorted(world.ledger.writes(run.id), key=lambda one: batch_of(one) or "")
    for intent in intents:
        _expect_effect(intent, found)
    if run.state is State.WRITTEN:
        assert {intent.outcome for intent in intents} <= SETTLED
        _expect_values(world, run, shown, intents)
    _expect_no_effect_without_intent(world, run, found)


def _keys(shown: ShownTicket) -> Counter[str]:
    keys = [*(change.key for change in shown.history), *(note.key for note in shown.notes)]
    return Counter(key for key in keys if key)


def _expect_effect(intent: Intent, found: Counter[str]) -> None:
    count = found[intent.key]
    assert count <= 1, f"{intent.key} is there {count} times"
    if intent.outcome == "applied":
        assert count == 1, f"{intent.key} is recorded as applied and is not there"
    elif intent.outcome == "kept" and found[_back(intent)]:
        assert count == 1, f"{intent.key} was not there, and was taken back"
    elif intent.outcome in ("kept", "already", "left", "gone"):
        assert count == 0, f"{intent.key} is recorded as {intent.outcome} and is there"


def _back(intent: Intent) -> str:
    """What a person's value is put back under, where ours had overwritten it."""
    known, _, target = intent.key.partition(":")
    return f"{known}{BACK}:{target}"


def _expect_values(world: World, run: Run, shown: ShownTicket, intents: Sequence[Intent]) -> None:
    """The last word on each field is ours as recorded, or a person's who came later."""
    newest = max(one.revision for one in world.runs() if one.ticket == run.ticket)
    if run.revision != newest:
        return
    last = {change.field: change for change in shown.history}
    # What was taken back is not the last word any more: a recall's own writes come last.
    for intent in {intent.target: intent for intent in intents}.values():
        if intent.outcome == "applied" and intent.target in shown.fields:
            change = last[intent.target]
            assert change.author != MACHINE or shown.fields[intent.target] == intent.wanted


def _expect_no_effect_without_intent(world: World, run: Run, found: Counter[str]) -> None:
    runs = [one for one in world.runs() if one.external_id == run.external_id]
    intended = {intent.key for one in runs for intent in world.ledger.writes(one.id)}
    assert set(found) <= intended


def expect_no_edit_lost(world: World) -> None:
    """I3: what a person chose last is what the field holds."""
    for ticket, history in world.helpdesk.history.items():
        chosen = {change.field: change for change in history if change.author != MACHINE}
        for field, change in chosen.items():
            held = world.helpdesk.fields[ticket][field]
            assert held == change.after, f"{change} was overwritten by {held}"


def answers_recorded(world: World, run: Run) -> int:
    """How many answers the ledger has of that run."""
    return sum(event.kind is Kind.ANSWERED for event in world.ledger.events(run.id))
