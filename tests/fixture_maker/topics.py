"""Draws tickets of a real IT helpdesk, so many of each topic."""

import csv
from collections import defaultdict
from pathlib import Path

from tests.fixture_maker.draw import Draw

OF_EACH = 200
LENGTHS = range(60, 500)
"""Characters: shorter ones say nothing, longer ones are whole threads."""


def topics(path: Path, draw: Draw) -> list[tuple[str, str]]:
    """Text and topic, in a drawn order; no text twice."""
    with path.open(encoding="utf-8", newline="") as file:
        every = {row["text"]: row["topic_group"] for row in csv.DictReader(file)}
    by_topic: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for text in draw.shuffled(sorted(every), "topics"):
        if len(text) in LENGTHS:
            by_topic[every[text]].append((text, every[text]))
    chosen = [row for _, rows in sorted(by_topic.items()) for row in rows[:OF_EACH]]
    return draw.shuffled(chosen, "order of topics")
