"""What processes tell each other of a breaker named x."""

from dataclasses import replace

from worker.guards.shared import Heard, Lease, Record, Told

MINE, YOURS = Lease(token="mine", seconds=0.3), Lease(token="yours", seconds=0.3)

NEW = Told(name="x", heard=0, record=Record(), window=30.0)


def opened(known: Heard, due_in: float = 0.0) -> Told:
    """What a process tells that has opened it."""
    generation = known.record.generation
    record = replace(known.record, generation=generation + 1, state="open", interval=5.0)
    return replace(
        NEW, heard=generation, record=replace(record, due_in=due_in), counted_in=generation
    )


def knows(heard: Heard) -> Told:
    """What a process tells that has heard this, and nothing else."""
    generation = heard.record.generation
    return replace(NEW, heard=generation, record=heard.record, counted_in=generation)
