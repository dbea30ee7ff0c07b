"""The document that a model is told about a ticket: sections, each within its budget."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from config.policy import Context as Budget
from tasks.conversation import conversation
from tasks.facts import Facts
from tasks.redaction.redaction import Redaction
from tasks.run import TicketId
from tasks.sections import HALF, Document, Told, cut, cut_facts, cut_list, cut_turns, tokens
from tasks.summary import Summary
from tasks.ticket import Ticket, Turn, Value

NOT_SAID = {"fetched_at", "as_of", "good_for"}
"""Of the facts: a model is told in words what is old, and is asked the same again an hour later."""


class Earlier(Value):
    """An earlier ticket of the same requester, by what was decided about it."""

    when: date
    issue_type: str
    outcome: str  # a sentence of ours
    notes: Summary | None = None  # on what was said in it

    def document(self) -> Document:
        """As a model is shown it, but for the notes."""
        return self.model_dump(mode="json", exclude={"notes"})


class Closed(NamedTuple):
    """An earlier ticket as the ledger has it."""

    thread: TicketId
    line: Earlier
    ticket: Ticket | None = None  # None: its text is gone


class Context(Value):
    """What a run knows of its ticket beside the ticket itself and the customer's facts."""

    language: str | None = None  # ISO 639-1; None: nobody can say
    summary: Summary | None = None
    before: tuple[Earlier, ...] = ()
    gap: str | None = None  # why no model has summed up, where one would have
    is_gap_paid: bool = False  # one was asked, in vain: it is not asked again in this run

    def as_json(self) -> str:
        """As it is kept."""
        return self.model_dump_json(exclude_defaults=True)


NOTHING = Context()


class Seen(NamedTuple):
    """What a model may see of a ticket and its facts, and what stands for what in it."""

    document: Document
    said: str
    placeholders: Mapping[str, str]
    sections: Mapping[str, Told]


def seen(
    ticket: Ticket,
    facts: Facts,
    context: Context,
    budget: Budget,
    *,
    is_trimmed: bool = False,
    answer: Document | None = None,
) -> Seen:
    """Every text of ticket and facts, whatever it is called, without personal data, in its budget.

    `is_trimmed`: of the conversation its last words alone, and half of these. `answer`: what was
    decided, to be judged with all of it.
    """
    document, said = _document(ticket, facts, context, budget.turns), ticket.said()
    document |= {"answer": answer} if answer else {}
    notes, texts = context.summary, [*_texts(document)]
    every = (notes, *(one.notes for one in context.before))
    redaction = Redaction((*texts, *said, *(text for one in every if one for text in one.texts())))
    summary = notes and notes.under(redaction)
    redacted = redaction.document(_sound(document) if any(map(HALF.search, texts)) else document)
    plain = "\n".join(map(redaction.redact, said))
    if context.before:
        redacted["earlier_tickets"] = [*_noted(redacted, context, redaction)]
    within = _trimmed if is_trimmed else _fitted
    fitted, sections = within(redacted, summary, budget)
    return Seen(fitted, plain, redaction.values, sections)


def _noted(document: Document, context: Context, redaction: Redaction) -> Iterator[Document]:
    """The requester's earlier tickets with the notes on each, which are without personal data."""
    for told, one in zip(document["earlier_tickets"], context.before, strict=True):
        notes = one.notes and one.notes.under(redaction)
        yield told | ({"notes": notes.document()} if notes else {})


def covered(ticket: Ticket, turns: int) -> tuple[Turn, ...]:
    """What was said before the turns that are shown as they were said."""
    return conversation(ticket).earlier[:-turns]


def _document(ticket: Ticket, facts: Facts, context: Context, turns: int) -> Document:
    talk = conversation(ticket)
    since = {"later_turns": _shown(talk.later[-turns:])} if talk.later else {}
    known = {"language": context.language} if context.language else {}
    before = [one.document() for one in context.before]
    return {
        "ticket": {
            "channel": ticket.channel,
            "created_at": ticket.created_at.isoformat(),
            **known,
            "earlier_turns": _shown(talk.earlier[-turns:]),
            "subject": ticket.subject,
            "message": talk.newest.body,
            **since,
        },
        "customer": facts.model_dump(mode="json", exclude=NOT_SAID, exclude_defaults=True),
        **({"earlier_tickets": before} if before else {}),
    }


def _shown(turns: Sequence[Turn]) -> list[Document]:
    return [turn.model_dump(mode="json", exclude={"at", "quoted"}) for turn in turns]


def _fitted(
    document: Document, summary: Summary | None, budget: Budget
) -> tuple[Document, dict[str, Told]]:
    """Each section in its budget, and what that has cost it."""
    ticket = document["ticket"]
    subject, of_subject = cut(ticket["subject"], budget.subject * 3 - 2)
    message, of_message = cut(ticket["message"], budget.message * 3 - 2)
    earlier, later = ticket["earlier_turns"], ticket.get("later_turns", [])
    turns, of_turns = cut_turns([*earlier, *later], budget.recent)
    ahead = max(0, len(turns) - len(later))
    facts, of_facts = cut_facts(document["customer"], budget.facts)
    told = {
        "subject": Told(tokens(subject), of_subject),
        "message": Told(tokens(message), of_message),
        "recent": Told(tokens(turns), of_turns),
        "facts": Told(tokens(facts), of_facts),
    }
    shown = {"subject": subject, "message": message, "earlier_turns": turns[:ahead]}
    since = {"later_turns": turns[ahead:]} if later else {}
    said: Document = {}
    if summary:
        fitted = summary.fitted(budget.summary).document()
        said = {"summary": fitted}
        told["summary"] = Told(
            tokens(fitted), max(0, _length(summary.document()) - _length(fitted))
        )
    found = document | {"ticket": {**said, **ticket, **shown, **since}, "customer": facts}
    if before := document.get("earlier_tickets"):
        kept, gone = cut_list(before, "notes", budget.before)
        found["earlier_tickets"] = kept
        told["before"] = Told(tokens(kept), gone)
    return found, told


def _trimmed(
    document: Document, _summary: Summary | None, budget: Budget
) -> tuple[Document, dict[str, Told]]:
    """For a model that all of it was too long for: what it is about stands in the last words."""
    left = {name: value for name, value in document["ticket"].items() if name != "later_turns"}
    alone = document | {"ticket": left | {"earlier_turns": []}}
    half = budget.model_copy(update={"message": budget.message // 2})
    found, told = _fitted(alone, None, half)
    turns = [*document["ticket"]["earlier_turns"], *document["ticket"].get("later_turns", [])]
    return found, told | {"recent": Told(tokens([]), sum(len(turn["body"]) for turn in turns))}


def _length(found: Any) -> int:  # noqa: ANN401 - any JSON
    return sum(map(len, _texts(found)))


def _sound(document: Document) -> Document:
    """Without halves of surrogate pairs: nobody can send them."""

    def within(found: object) -> object:
        match found:
            case str():
                return HALF.sub("\ufffd", found)
            case dict():
                return {key: within(value) for key, value in found.items()}
            case list():
                return [within(value) for value in found]
            case _:
                return found

    return {key: within(value) for key, value in document.items()}


def _texts(found: object) -> Iterator[str]:
    match found:
        case str():
            yield found
        case dict():
            for value in found.values():
                yield from _texts(value)
        case list():
            for value in found:
                yield from _texts(value)
        case _:
            return
