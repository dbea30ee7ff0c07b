"""One spelling for what looks the same, with the way back to the letters as they were written.

A card number in full-width digits, with a letter of no width in it or with accents on its digits
is a card number.
"""

import unicodedata
from dataclasses import dataclass

DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d"
STOPS = "\u3002\uff61\u2024"
"""Full stops that browsers take for the dot of an address, and one that only looks like one."""

UNSEEN = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters and symbols that show nothing; what Unicode itself calls formatting is left out too."""


class _Folds(dict[int, str]):
    """Each character's plain spelling: one character, or none. Learnt when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _plain(chr(code))
        return found


def _plain(letter: str) -> str:
    if letter.isascii():
        return letter
    if letter in DASHES and letter != "\u00ad":
        return "-"
    if letter in STOPS:
        return "."
    category = unicodedata.category(letter)
    if category in {"Cf", "Mn", "Mc", "Me"} or letter in UNSEEN:
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    if category in {"Zs", "Zl", "Zp"}:
        return " "
    folded = unicodedata.normalize("NFKC", letter)
    return folded if len(folded) == 1 else letter


FOLDS = _Folds()


@dataclass(frozen=True, kw_only=True, slots=True)
class Folded:
    """The plain spelling, and where each of its characters stood; None: all where they stand."""

    text: str
    places: list[int] | None

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of the plain spelling begins and ends in what was written."""
        if self.places is None or start == end:
            return start, end
        return self.places[start], self.places[end - 1] + 1


def fold(text: str) -> Folded:
    """The plain spelling of `text`."""
    if text.isascii():
        return Folded(text=text, places=None)
    plain = text.translate(FOLDS)
    if len(plain) == len(text):
        return Folded(text=plain, places=None)
    places = [place for place, letter in enumerate(text) if FOLDS[ord(letter)]]
    return Folded(text=plain, places=places)
