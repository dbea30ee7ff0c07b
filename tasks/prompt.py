"""Renders the question to a model from an enriched case. Ticket text is fenced as data.

Whatever comes from outside goes through a redaction on its way: here, and so in every question.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from string import Template
from typing import Any, NamedTuple

from config.prompts import Prompt
from config.taxonomy import Taxonomy
from config.tiers import Model
from tasks.conversation import conversation
from tasks.facts import Facts
from tasks.ports.model import Message, Plain, Question
from tasks.priority import Expected, expected_for_all
from tasks.redaction.redaction import Redaction
from tasks.ticket import Ticket, Turn
from tasks.verdict import answer_schema


def question(
    ticket: Ticket,
    facts: Facts,
    *,
    prompt: Prompt,
    taxonomy: Taxonomy,
    model: Model,
    is_trimmed: bool = False,
) -> Question:
    """The one question about this ticket for this model. Pure: same input, same question.

    `is_trimmed`: with the ticket's last words alone, its beginning and its end.
    """
    expectations = expected_for_all(taxonomy, ticket, facts)
    seen = _redacted(ticket, facts)
    data = json.dumps(
        _trimmed(seen.document) if is_trimmed else seen.document, ensure_ascii=False, indent=1
    )
    fence = _fence(data)
    rules = Template(prompt.text).safe_substitute(
        fence=fence,
        issue_types=_issue_types(taxonomy),
        criteria=_criteria(taxonomy),
        priorities=_priorities(expectations),
    )
    return Question(
        model=model.name,
        messages=(
            Message(role="system", content=rules),
            Message(role="user", content=f"{fence}\n{data}\n{fence}"),
        ),
        schema_name=prompt.name,
        schema=answer_schema(taxonomy),
        max_output_tokens=model.max_output_tokens,
        timeout_seconds=model.timeout_seconds,
        plain=Plain(
            text=seen.said,
            priorities={name: found.priority for name, found in expectations.items()},
        ),
        placeholders=seen.placeholders,
    )


def corrected(asked: Question, answer: str, problem: str) -> Question:
    """The same question once more, with the answer that did not fit and what was wrong with it."""
    follow_up = (
        f"Your answer does not have the shape that was asked for: {problem}. "
        "Answer the same question again, with nothing but JSON of that shape."
    )
    return Question(
        model=asked.model,
        messages=(
            *asked.messages,
            Message(role="assistant", content=answer or "(empty)"),
            Message(role="user", content=follow_up),
        ),
        schema_name=asked.schema_name,
        schema=asked.schema,
        max_output_tokens=asked.max_output_tokens,
        timeout_seconds=asked.timeout_seconds,
        plain=asked.plain,
        placeholders=asked.placeholders,
    )


def digest(asked: Question) -> str:
    """Sixteen hex digits that are the same for the same question to the same model."""
    parts = [asked.model, asked.schema_name, json.dumps(asked.schema, sort_keys=True)]
    parts += [f"{message.role}\x1f{message.content}" for message in asked.messages]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:16]


def likely_tokens(asked: Question) -> int:
    """What it is likely to come to, in and out: a token is mostly three or four bytes."""
    said = sum(len(message.content.encode()) for message in asked.messages)
    return said // BYTES_A_TOKEN + asked.max_output_tokens


BYTES_A_TOKEN = 3
"""A guess for limits, which the answer puts right; money is reserved by what can be at most."""


class _Seen(NamedTuple):
    """What a model may see of a ticket and its facts, and what stands for what in it."""

    document: dict[str, Any]
    said: str
    placeholders: Mapping[str, str]


def _redacted(ticket: Ticket, facts: Facts) -> _Seen:
    """Every text of the ticket and of the facts, whatever it is called, without personal data."""
    document, said = _document(ticket, facts), ticket.said()
    redaction = Redaction((*_texts(document), *said))
    redacted = redaction.document(document)
    plain = "\n".join(map(redaction.redact, said))
    return _Seen(redacted, plain, redaction.values)


NOT_SAID = {"fetched_at", "as_of", "good_for"}
"""Of the facts: a model is told in words what is old, and is asked the same again an hour later."""


def _document(ticket: Ticket, facts: Facts) -> dict[str, Any]:
    talk = conversation(ticket)
    since = {"later_turns": _shown(talk.later)} if talk.later else {}
    return {
        "ticket": {
            "channel": ticket.channel,
            "created_at": ticket.created_at.isoformat(),
            "earlier_turns": _shown(talk.earlier[-TURNS:]),
            "subject": ticket.subject,
            "message": talk.newest.body,
            **since,
        },
        "customer": facts.model_dump(mode="json", exclude=NOT_SAID, exclude_defaults=True),
    }


TURNS = 6
"""As many as are shown of what was said before."""


def _shown(turns: Sequence[Turn]) -> list[dict[str, Any]]:
    return [turn.model_dump(mode="json", exclude={"at", "quoted"}) for turn in turns]


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


def _trimmed(document: dict[str, Any]) -> dict[str, Any]:
    """Cut when nothing personal is left: half of a card number would pass for none."""
    ticket = document["ticket"]
    body = ticket["message"]
    if len(body) > TRIMMED:
        body = f"{body[: TRIMMED // 2]}\n[...]\n{body[-TRIMMED // 2 :]}"
    left = {key: value for key, value in ticket.items() if key != "later_turns"}
    return document | {"ticket": left | {"earlier_turns": [], "message": body}}


TRIMMED = 8_000
"""Characters of a ticket that was too long for a model: what it is about stands at the ends."""


def _fence(data: str) -> str:
    """A line that the data cannot contain: it is made from the data's own hash."""
    return f"=====DATA {hashlib.sha256(data.encode()).hexdigest()[:24]}====="


def _issue_types(taxonomy: Taxonomy) -> str:
    return "\n".join(
        f"- {issue.name}: {issue.description} Criteria: {', '.join(issue.criteria) or 'none'}."
        for issue in taxonomy.issue_types
    )


def _criteria(taxonomy: Taxonomy) -> str:
    return "\n".join(f"- {item.id}: {item.description}" for item in taxonomy.criteria) or "none"


def _priorities(expectations: dict[str, Expected]) -> str:
    return "\n".join(
        f"- {name}: {found.priority} (from {found.most_urgent} to {found.least_urgent})"
        for name, found in expectations.items()
    )
