"""What was said in a thread before the turns that a model is shown: notes that grow by what is new.

Notes hold no personal data themselves: what stands for what in them lies beside them.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tasks.redaction.placeholders import LOOKS_LIKE_ONE
from tasks.redaction.redaction import Redaction
from tasks.sections import BYTES_A_TOKEN, HALF, cut, tokens
from tasks.ticket import Turn, Value
from tasks.verdict import Misshapen

RULE = "rule"
"""What has made notes that no model has."""

LISTS = ("facts", "asked", "promised", "open")
MOST_COVERED = 500
"""Turns that notes know of."""

LONGEST = 400
"""Characters of a note; a model that writes longer ones sums nothing up."""

MOST_NAMED = 24
NAMED = re.compile(
    rf"{LOOKS_LIKE_ONE.pattern}|(?<![\w-])(?=[\w-]{{0,39}}\d)[A-Za-z0-9][\w-]{{3,39}}(?![\w-])"
)
"""Numbers of orders, devices and the like: letters, digits and dashes with a digit among them; and
what stands for personal data."""

SENTENCE = re.compile(r".{15,}?[.!?\u3002\uff01\uff1f](?=\s|$)|.+", re.DOTALL)


class Notes(BaseModel):
    """What a model says was said."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    facts: tuple[str, ...]
    asked: tuple[str, ...]
    promised: tuple[str, ...]
    open: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Notes | Misshapen":
        """The notes in an answer, or that it has another shape."""
        try:
            found = cls.model_validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
            return Misshapen(f"it is no set of notes: {problem['msg']}")
        except ValueError:
            return Misshapen("the answer is not text that JSON can hold")
        return cls(**{name: _whole(getattr(found, name)) for name in LISTS})


def _whole(said: Iterable[str]) -> tuple[str, ...]:
    return tuple(text.strip()[:LONGEST] for text in said if text.strip())


NOTES_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {name: {"type": "array", "items": {"type": "string"}} for name in LISTS},
    "required": list(LISTS),
    "additionalProperties": False,
}


class Summary(Value):
    """Notes on the turns `covers`, with placeholders, and what these stand for in `values`."""

    facts: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    promised: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    named: tuple[str, ...] = ()  # numbers that were mentioned and stand in no note
    covers: tuple[str, ...] = ()  # a hash of each turn, oldest first
    values: dict[str, str] = Field(default_factory=dict, repr=False)
    made_by: str = RULE  # or the prompt's version

    def on(self, covers: tuple[str, ...]) -> "Summary":
        """The same notes, which are on these turns."""
        return self.model_copy(update={"covers": covers})

    def document(self) -> dict[str, Any]:
        """As a model is shown it."""
        said = {name: [*getattr(self, name)] for name in (*LISTS, "named") if getattr(self, name)}
        return {"of_turns": len(self.covers), **said}

    def texts(self) -> tuple[str, ...]:
        """Every note, without what stands for something: what is left may stand for nothing."""
        notes = (text for name in (*LISTS, "named") for text in getattr(self, name))
        return tuple(LOOKS_LIKE_ONE.sub(self._bare, text) for text in notes)

    def _bare(self, found: re.Match[str]) -> str:
        return "\0" if found[0] in self.values else found[0]

    def under(self, redaction: Redaction) -> "Summary":
        """The same notes with the names that this redaction has for what stands in them."""
        new = {
            name: tuple(redaction.renamed(text, self.values) for text in getattr(self, name))
            for name in (*LISTS, "named")
        }
        return self.model_copy(update={**new, "values": dict(redaction.values)})

    def fitted(self, most: int) -> "Summary":
        """What of it has room in so many tokens: the oldest facts are cut first, then dropped."""
        found = self
        for length in (200, 100, 60):
            if tokens(found.document()) <= most:
                return found
            found = found.model_copy(
                update={
                    name: tuple(cut(text, length)[0] for text in notes)
                    for name in LISTS
                    if (notes := getattr(found, name))
                }
            )
        for name in ("facts", "promised", "asked", "open", "named"):
            while tokens(found.document()) > most and getattr(found, name):
                found = found.model_copy(update={name: getattr(found, name)[1:]})
        return found


def hashes(turns: Sequence[Turn]) -> tuple[str, ...]:
    """Of each turn, by who said what."""
    return tuple(
        hashlib.sha256(f"{turn.author}\x1f{turn.body}".encode(errors="surrogatepass")).hexdigest()[
            :16
        ]
        for turn in turns
    )


def known_of(covered: Collection[str], turns: Sequence[str]) -> int:
    """How many of these turns, from the first on, are covered; 0: the notes are on other ones.

    Intake has room for the newest turns: what stood between the opening and these may be gone.
    """
    return next((place for place, turn in enumerate(turns) if turn not in covered), len(turns))


def covering(before: Sequence[str], turns: Sequence[str]) -> tuple[str, ...]:
    """What notes cover that have grown by these turns."""
    return _once(*before, *turns)[-MOST_COVERED:]


class Talk(NamedTuple):
    """New turns of a thread and the notes on those before them, redacted alike."""

    before: Summary | None
    turns: tuple[Turn, ...]
    said: tuple[str, ...]  # by the turns, without personal data
    values: Mapping[str, str]  # what stands for what in all of it

    @classmethod
    def of(cls, before: Summary | None, turns: Sequence[Turn]) -> "Talk":
        """Everything under the names of one redaction."""
        bodies = [HALF.sub("\ufffd", turn.body) for turn in turns]
        redaction = Redaction((*bodies, *(before.texts() if before else ())))
        notes = before and before.under(redaction)
        said = tuple(map(redaction.redact, bodies))
        return cls(notes, tuple(turns), said, dict(redaction.values))

    def with_notes(self, notes: Notes, *, by: str, anew: bool) -> Summary:
        """Grown by what a model has noted of it; `anew`: that has all that stood in `before`.

        A number that the turns mention, or that stood in `before`, is in what comes of it, whatever
        the model has left out.
        """
        told = self.before or Summary()
        kept = Summary() if anew else told
        found = Summary(
            facts=_once(*kept.facts, *notes.facts),
            asked=_once(*kept.asked, *notes.asked),
            promised=_once(*kept.promised, *notes.promised),
            open=notes.open,
            made_by=by,
        )
        return self._named(found, (*told.named, *_notes(told), *self.said))

    def whole(self, most: int) -> Summary | None:
        """The turns as they were said, behind the notes; None where that has no room."""
        told = self.before or Summary()
        lines = [f"{turn.author}: {text.strip()}" for turn, text in self._pairs]
        return self._within(told.model_copy(update={"facts": (*told.facts, *lines)}), most)

    def in_short(self, most: int) -> Summary:
        """By rule: behind the notes all of the turns, else of each of the customer's one sentence.

        `most` tokens are what it may come to.
        """
        if whole := self.whole(most):
            return whole
        told = self.before or Summary()
        firsts = [
            f"{turn.author}: {_first(text)}"
            for turn, text in self._pairs
            if turn.author == "customer" and text.strip()
        ]
        facts = _once(*told.facts, *firsts)
        found = told.model_copy(update={"facts": facts, "made_by": RULE})
        found = self._named(found, (*told.named, *self.said))
        frame = tokens(found.model_copy(update={"facts": ()}).document())
        share = (most - frame) * BYTES_A_TOKEN // max(1, len(facts)) - len('"", ')
        short = tuple(text for note in facts if (text := cut(note, max(share, 0))[0]))
        return found.model_copy(update={"facts": short}).fitted(most)

    @property
    def _pairs(self) -> Iterator[tuple[Turn, str]]:
        return zip(self.turns, self.said, strict=True)

    def _within(self, found: Summary, most: int) -> Summary | None:
        known = found.model_copy(update={"made_by": RULE, "values": {**self.values}})
        return known if tokens(known.document()) <= most else None

    def _named(self, found: Summary, said: Iterable[str]) -> Summary:
        """With each number in these texts that no note has: the first ones and the last."""
        noted = "\n".join(_notes(found))
        every = _once(*(one[0] for text in said for one in NAMED.finditer(text)))
        missing = tuple(name for name in every if name not in noted)
        if len(missing) > MOST_NAMED:
            missing = missing[: MOST_NAMED // 2] + missing[-MOST_NAMED // 2 :]
        return found.model_copy(update={"named": missing, "values": {**self.values}})


def _notes(summary: Summary) -> Sequence[str]:
    return [text for name in LISTS for text in getattr(summary, name)]


def _first(text: str) -> str:
    found = SENTENCE.search(text.strip())
    return found[0] if found else ""


def _once(*texts: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
