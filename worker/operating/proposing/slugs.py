"""Names as a taxonomy's keys: small letters, digits and underscores."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

LONGEST = 40
RESERVED = frozenset({"replace"})
"""In taxonomy.toml this key says something else."""

LETTERS = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o",
        "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i",
    }
)  # fmt: skip
"""Letters that are more than a letter with an accent, as people write them without it."""


def slugs(names: Iterable[str]) -> Mapping[str, str]:
    """A key for each name, all different; of a name without Latin letters it is a number's."""
    found: dict[str, str] = {}
    for number, name in enumerate(names, start=1):
        wanted = _slug(name) or f"type_{number}"
        found[name] = _free(wanted, RESERVED.union(found.values()))
    return found


def _slug(name: str) -> str:
    """Empty where nothing of the name can be written so."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(LETTERS)
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "_", letters).strip("_")
    if not re.search("[a-z]", words):
        return f"type_{words}"[:LONGEST] if words else ""
    return (words if words[0].isalpha() else f"type_{words}")[:LONGEST].rstrip("_")


def _free(wanted: str, taken: frozenset[str]) -> str:
    number, found = 1, wanted
    while found in taken:
        number += 1
        end = f"_{number}"
        found = wanted[: LONGEST - len(end)] + end
    return found
