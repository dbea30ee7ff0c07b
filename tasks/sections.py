"""What of a ticket a model is told: a budget for each section, and what is left out to keep it.

Pure, and for texts that are redacted already: half of a card number would pass for none.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from tasks.redaction.placeholders import LOOKS_LIKE_ONE

BYTES_A_TOKEN = 3
"""A guess on the safe side: a token is mostly three or four bytes. Money is reserved by what can
be at most."""

HALF = re.compile("[\ud800-\udfff]")
"""Of a surrogate pair: nobody can send that."""

Document = dict[str, Any]
LISTS = ("interactions", "billing", "incidents")
"""Of the facts, in the order in which their last ones go."""

LENGTHS = (300, 100, 40)
"""Bytes that a single text of the facts may have, tried one after the other."""


class Told(NamedTuple):
    """How much of a section is told, and how much is not."""

    tokens: int
    left_out: int = 0  # characters, or things of a list


def tokens(value: object) -> int:
    """What a value of JSON comes to, at most."""
    return -(-_bytes(value) // BYTES_A_TOKEN)


def cut(text: str, most: int) -> tuple[str, int]:
    """Its head and its tail in so many bytes of JSON, and how many characters are left out.

    No placeholder is cut in two. Where there is no room for the mark, nothing is left of it.
    """
    if _bytes(text) - 2 <= most:
        return text, 0
    room = most - _bytes(_mark(len(text))) + 2
    if room <= 0:
        return "", len(text)
    head = _until(text, room // 2)
    tail = len(text) - _until(text[::-1], room - room // 2)
    for found in LOOKS_LIKE_ONE.finditer(text):
        if found.start() < head < found.end():
            head = found.start()
        if found.start() < tail < found.end():
            tail = found.end()
    return f"{text[:head]}{_mark(tail - head)}{text[tail:]}", tail - head


def cut_turns(turns: Sequence[Document], most: int) -> tuple[list[Document], int]:
    """The turns in so many tokens: the long ones are cut to one length, the short ones stay.

    Where not even their frames fit, the oldest go.
    """
    kept = [*turns]
    while kept and _frames(kept) > most * BYTES_A_TOKEN:
        kept.pop(0)
    gone = sum(len(turn["body"]) for turn in turns[: len(turns) - len(kept)])
    room = most * BYTES_A_TOKEN - _frames(kept)
    level = _level([_bytes(turn["body"]) - 2 for turn in kept], room)
    bodies = [cut(turn["body"], level) for turn in kept]
    shown = [turn | {"body": body} for turn, (body, _) in zip(kept, bodies, strict=True)]
    return shown, gone + sum(left for _, left in bodies)


def cut_facts(facts: Document, most: int) -> tuple[Document, int]:
    """The facts in so many tokens, and how many of their texts and things are cut or gone."""
    left_out = 0
    for length in LENGTHS:
        if tokens(facts) <= most:
            break
        facts, shortened = _shortened(facts, length)
        left_out += shortened
        for name in LISTS:
            while tokens(facts) > most and facts.get(name):
                facts = facts | {name: facts[name][:-1]}
                left_out += 1
    return {name: value for name, value in facts.items() if value != []}, left_out


def cut_list(found: Sequence[Document], detail: str, most: int) -> tuple[list[Document], int]:
    """The first of them that fit into so many tokens, and how many are cut or gone.

    The last ones first lose their `detail`, then they go.
    """
    kept = [*found]
    with_detail = [place for place, one in enumerate(found) if detail in one]
    while with_detail and tokens(kept) > most:
        place = with_detail.pop()
        kept[place] = {name: value for name, value in kept[place].items() if name != detail}
    while kept and tokens(kept) > most:
        kept.pop()
    whole = sum(one in found for one in kept)
    return kept, len(found) - whole


def _mark(count: int) -> str:
    return f"\n[... {count} characters left out ...]\n"


def _bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode(errors="surrogatepass"))


def _until(text: str, room: int) -> int:
    """How many of its characters fit into so many bytes of JSON."""
    for place, character in enumerate(text):
        room -= _bytes(character) - 2
        if room < 0:
            return place
    return len(text)


def _frames(turns: Sequence[Document]) -> int:
    return _bytes([turn | {"body": ""} for turn in turns])


def _level(sizes: Sequence[int], room: int) -> int:
    """The greatest length to which each may be cut so that all of them fit."""
    for count, size in enumerate(sorted(sizes)):
        share = room // (len(sizes) - count)
        if size > share:
            return max(share, 0)
        room -= size
    return max(sizes, default=0)


def _shortened(facts: Document, length: int) -> tuple[Document, int]:
    count = 0

    def within(found: object) -> object:
        nonlocal count
        match found:
            case str():
                text, left = cut(found, length)
                count += bool(left)
                return text
            case dict():
                return {key: within(value) for key, value in found.items()}
            case list():
                return [within(value) for value in found]
            case _:
                return found

    return {key: within(value) for key, value in facts.items()}, count
