"""What the broker's queues and our own keys on it are called."""

from typing import Literal, TypeGuard, get_args

QueueName = Literal["economy", "standard", "premium", "upkeep", "dead_letter"]

QUEUES: tuple[QueueName, ...] = get_args(QueueName)
"""Every queue there is."""

CONSUMED: tuple[QueueName, ...] = ("economy", "standard", "premium", "upkeep")
"""The queues that workers may consume. Nobody consumes dead letters: they lie there to be seen."""

UPKEEP: QueueName = "upkeep"
DEAD_LETTER: QueueName = "dead_letter"

EPOCH = "triage:epoch"
"""The key that is gone when the broker has lost everything."""

UNACKED = "unacked"
"""kombu's hash of delivery tag to message, for what a worker has and has not acknowledged."""


def is_queue(name: object) -> TypeGuard[QueueName]:
    """Whether a queue of ours has this name."""
    return name in QUEUES
