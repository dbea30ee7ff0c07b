"""Takes personal data out of the texts of one ticket, the same value always by the same name."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from tasks.redaction.cards import cards
from tasks.redaction.emails import emails
from tasks.redaction.find import Find, Kind
from tasks.redaction.folding import fold
from tasks.redaction.ibans import ibans
from tasks.redaction.keys import keys
from tasks.redaction.networks import networks
from tasks.redaction.phones import phones
from tasks.redaction.placeholders import LOOKS_LIKE_ONE, free_tag, written
from tasks.redaction.spoken import spoken

DIGITS = frozenset("0123456789")
OF_DIGITS: tuple[Callable[[str], Iterator[Find]], ...] = (cards, ibans, phones)
OF_ANYTHING: tuple[Callable[[str], Iterator[Find]], ...] = (emails, networks, keys, spoken)
RANK = {kind: rank for rank, kind in enumerate(Kind)}

HARMLESS = re.compile(
    r"[A-Za-z_]{0,14}"
    r"|(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]"
    r"(?:T[0-2][0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,6})?)?(?:Z|[+-][0-2][0-9]:[0-5][0-9])?)?"
)
"""A word, or a moment: most of what is known of a customer, and nothing to be looked for."""

ROUNDS = 8
"""What is left beside a find is looked at anew: its neighbours are others now. Nobody writes what
needs a third round; what has not come to rest by the last one is hidden whole."""

Document = TypeVar("Document")


class Redaction:
    """The placeholders of one ticket, for as long as it is rendered.

    Promise: `redact` takes any text in linear time. What it gives holds nothing that was found;
    redacted again, by this one or by another, it stays as it is; and `placeholders.restored` with
    `values` gives back to the letter what it was made of. `texts` are all that will be redacted.
    """

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._tag = free_tag(texts)
        self._names: dict[tuple[Kind, str], str] = {}
        self._counts: dict[Kind, int] = {}
        self._known: dict[str, str] = {}

    @property
    def values(self) -> Mapping[str, str]:
        """What stands for what so far."""
        return {name: value for (_, value), name in self._names.items()}

    def redact(self, text: str) -> str:
        """The text without its personal data."""
        if HARMLESS.fullmatch(text):
            return text
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._redacted(text)
        return known

    def document(self, document: Document) -> Document:
        """The same document of JSON with every text in it redacted; keys are ours and stay."""
        return self._within(document)  # type: ignore[return-value] # as it was, text for text

    def renamed(self, text: str, values: Mapping[str, str]) -> str:
        """What another redaction has made, with our names for what its own (`values`) stand for.

        So it is the same name for the same value, and no value has to be found a second time.
        """
        pieces, place = [], 0
        for found in LOOKS_LIKE_ONE.finditer(text):
            value = values.get(found[0])
            kind = Kind(found[0][1:].partition("_")[0])
            name = found[0] if value is None else self._name(kind, value)
            pieces += [self.redact(text[place : found.start()]), name]
            place = found.end()
        return "".join((*pieces, self.redact(text[place:])))

    def _within(self, found: object) -> object:
        if isinstance(found, str):
            return self.redact(found)
        if isinstance(found, dict):
            return {key: self._within(value) for key, value in found.items()}
        if isinstance(found, list):
            return [self._within(value) for value in found]
        return found

    def _redacted(self, text: str) -> str:
        if "[" not in text:
            return self._piece(text)
        pieces, place = [], 0
        for found in LOOKS_LIKE_ONE.finditer(text):
            pieces += [self._piece(text[place : found.start()]), found[0]]
            place = found.end()
        return "".join((*pieces, self._piece(text[place:])))

    def _piece(self, text: str) -> str:
        """A text without anything that looks like a placeholder."""
        settled: list[str] = []
        pending: list[tuple[str, int | None]] = [(text, 0)]
        while pending:
            piece, rounds = pending.pop()
            finds = united(piece) if piece and rounds is not None else []
            if not finds or rounds is None:
                settled.append(piece)
            elif rounds == ROUNDS:
                settled.append(self._name(Kind.SECRET, piece))
            else:
                pending += reversed([*self._cut(piece, finds, rounds + 1)])
        return "".join(settled)

    def _cut(self, piece: str, finds: list[Find], rounds: int) -> Iterator[tuple[str, int | None]]:
        """What stood between the finds, to be looked at again, and their names, which are not."""
        place = 0
        for find in finds:
            yield piece[place : find.start], rounds
            yield self._name(find.kind, piece[find.start : find.end]), None
            place = find.end
        yield piece[place:], rounds

    def _name(self, kind: Kind, value: str) -> str:
        name = self._names.get((kind, value))
        if name is None:
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            name = self._names[kind, value] = written(kind, number, self._tag)
        return name


def united(text: str) -> list[Find]:
    """Everything in the text that has to go, from left to right; what overlaps is one."""
    plain = fold(text)
    finds = [find for finder in OF_ANYTHING for find in finder(plain.text)]
    if not DIGITS.isdisjoint(plain.text):
        finds += [find for finder in OF_DIGITS for find in finder(plain.text)]
    found: list[Find] = []
    for find in sorted(finds):
        if found and find.start < found[-1].end:
            last = found.pop()
            kind = min(last.kind, find.kind, key=RANK.__getitem__)
            found.append(Find(last.start, max(last.end, find.end), kind))
        elif find.start < find.end:
            found.append(find)
    return [Find(*plain.written(find.start, find.end), find.kind) for find in found]
