"""A small part of the shipped examples, and a model that has learnt from it."""

from functools import cache

from tests.house.checkout import ROOT
from worker.models.baseline.examples import Example, read_examples
from worker.models.baseline.model import Baseline
from worker.models.baseline.training import train

LABELS = ("card_payment", "transfer", "security", "other")
"""Nobody gave an example of the last one."""

STOLEN = "hello, my wallet was stolen and my card with it"


@cache
def lessons() -> tuple[Example, ...]:
    """Every fourth message about card payments, transfers or security: 970."""
    every = read_examples(ROOT / "fixtures" / "bank" / "train.csv")
    return tuple(example for example in every if example.issue_type in LABELS)[::4]


@cache
def taught() -> Baseline:
    """A model that tolerates two wrong answers in a hundred; it never changes: tests share it."""
    return train(lessons(), LABELS, max_wrong=0.02)
