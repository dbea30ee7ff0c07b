"""An operator who takes things back."""

from tests.simulation.world import World
from worker.operating.recall.beginning import Beginning
from worker.operating.recall.choosing import Chosen, intend


def recall(world: World, batch: str | None = None) -> str | None:
    """All that was written, or what a recall took back; this one's name, None: nothing to do."""
    ledger = world.ledger
    said = None if batch else "0"
    chosen = Chosen(batch=batch, since=None if batch else 0.0, since_said=said)
    beginning = Beginning(
        ledger=ledger, vault=world.vault, clock=world.clock, by="ada", why="a test"
    )
    begun = beginning.begin(chosen, intend(ledger, chosen))
    if begun is None:
        return None
    ledger.end_recall(begun)
    return begun.id
