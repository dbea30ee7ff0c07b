"""Renders the question to a model from an enriched case. Ticket text is fenced as data.

Whatever comes from outside goes through a redaction on its way: here, and so in every question.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from string import Template
from typing import Any, NamedTuple

from config.prompts import Prompt
from config.taxonomy import Taxonomy
from config.tiers import Model
from tasks.conversation import conversation
from tasks.decision import Decision
from tasks.facts import Facts
from tasks.judgement import SCHEMA
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
    seen = _redacted(ticket, _document(ticket, facts))
    trimmed = seen._replace(document=_trimmed(seen.document)) if is_trimmed else seen
    about = About(ticket=ticket, facts=facts, taxonomy=taxonomy)
    return _rendered(about, trimmed, prompt=prompt, model=model, schema=answer_schema(taxonomy))


def on_answer(
    ticket: Ticket,
    facts: Facts,
    decision: Decision,
    *,
    prompt: Prompt,
    taxonomy: Taxonomy,
    model: Model,
) -> Question:
    """The question whether this ticket was decided well. Pure, as the other one is."""
    document = _document(ticket, facts) | {"answer": _answer(decision)}
    about = About(ticket=ticket, facts=facts, taxonomy=taxonomy)
    return _rendered(about, _redacted(ticket, document), prompt=prompt, model=model, schema=SCHEMA)


def _answer(decision: Decision) -> dict[str, Any]:
    called = decision.escalation
    return {
        "issue_type": decision.issue_type,
        "priority": decision.priority,
        "escalation": called.model_dump(mode="json") if called else None,
        "draft": decision.draft,
    }


class About(NamedTuple):
    """What a question is about."""

    ticket: Ticket
    facts: Facts
    taxonomy: Taxonomy


def _rendered(
    about: About, seen: "_Seen", *, prompt: Prompt, model: Model, schema: Mapping[str, object]
) -> Question:
    expectations = expected_for_all(about.taxonomy, about.ticket, about.facts)
    data = json.dumps(seen.document, ensure_ascii=False, indent=1)
    fence = _fence(data)
    rules = Template(prompt.text).safe_substitute(
        fence=fence,
        issue_types=_issue_types(about.taxonomy),
        criteria=_criteria(about.taxonomy),
        priorities=_priorities(expectations),
    )
    return Question(
        model=model.name,
        messages=(
            Message(role="system", content=rules),
            Message(role="user", content=f"{fence}\n{data}\n{fence}"),
        ),
        schema_name=prompt.name,
        prompt=prompt.version,
        schema=schema,
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
    turns = (
        Message(role="assistant", content=answer or "(empty)"),
        Message(role="user", content=follow_up),
    )
    return replace(asked, messages=(*asked.messages, *turns))


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


def _redacted(ticket: Ticket, document: dict[str, Any]) -> _Seen:
    """Every text of the document, whatever it is called, without personal data."""
    said = ticket.said()
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
