"""What stands for a value: `[EMAIL_1]`, or `[EMAIL_1_b]` where a text has such a thing already."""

import re
from collections.abc import Iterable, Mapping
from itertools import count

from tasks.redaction.find import Kind

NAMES = "|".join(Kind)
LOOKS_LIKE_ONE = re.compile(rf"\[(?:{NAMES})_[0-9]{{1,9}}(?:_(?P<tag>[a-z]{{1,9}}))?\]")
"""One opening bracket at its begin and one closing one at its end: two never share a letter."""

NAME = re.compile(rf"(?<!\w)(?:{NAMES})_[0-9]+(?:_[a-z]+)?(?!\w)")

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def free_tag(texts: Iterable[str]) -> str:
    """A tag that nothing in these texts has which looks like a placeholder; mostly there is none.

    So no text can have one of ours in it, whoever wrote it and whatever they know.
    """
    found = (one for text in texts if "[" in text for one in LOOKS_LIKE_ONE.finditer(text))
    taken = {one["tag"] or "" for one in found}
    if "" not in taken:
        return ""
    return next(tag for tag in map(_word, count(1)) if tag not in taken)


def _word(number: int) -> str:
    """1 is `b`: numbers in letters."""
    letters = ""
    while number or not letters:
        number, place = divmod(number, len(ALPHABET))
        letters = ALPHABET[place] + letters
    return letters


def written(kind: Kind, number: int, tag: str) -> str:
    """The placeholder itself."""
    return f"[{kind}_{number}_{tag}]" if tag else f"[{kind}_{number}]"


def restored(text: str, values: Mapping[str, str]) -> str:
    """The text with the values back in their places; what stands for nothing stays as it is."""
    if not values or "[" not in text:
        return text
    return LOOKS_LIKE_ONE.sub(lambda found: values.get(found[0], found[0]), text)


def stray(text: str) -> set[str]:
    """What in a restored text is still called like a placeholder, with its brackets or without."""
    return set(NAME.findall(text))
