"""Renders the question to a model from an enriched case. Ticket text is fenced as data.

Whatever comes from outside goes through a redaction on its way: here, and so in every question.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from string import Template
from typing import NamedTuple

from config.policy import Context as Budget
from config.prompts import Prompt
from config.taxonomy import Taxonomy
from config.tiers import Model
from tasks.context import NOTHING, Context, Seen, seen
from tasks.decision import Decision
from tasks.facts import Facts
from tasks.judgement import SCHEMA
from tasks.ports.model import Message, Plain, Purpose, Question
from tasks.priority import Expected, expected_for_all
from tasks.sections import BYTES_A_TOKEN, Document, Told, cut_turns, tokens
from tasks.summary import NOTES_SCHEMA, Talk
from tasks.ticket import Ticket
from tasks.verdict import answer_schema

USUAL = Budget()


def question(
    about: "About",
    *,
    prompt: Prompt,
    model: Model,
    context: Context = NOTHING,
    budget: Budget = USUAL,
    is_trimmed: bool = False,
) -> Question:
    """The one question about this ticket for this model. Pure: same input, same question.

    `is_trimmed`: with the ticket's last words alone, its beginning and its end.
    """
    shown = seen(about.ticket, about.facts, context, budget, is_trimmed=is_trimmed)
    schema = answer_schema(about.taxonomy)
    return _rendered(about, shown, prompt=prompt, model=model, schema=schema)


def on_answer(
    decision: Decision,
    about: "About",
    *,
    prompt: Prompt,
    model: Model,
    context: Context = NOTHING,
    budget: Budget = USUAL,
) -> Question:
    """The question whether this ticket was decided well. Pure, as the other one is."""
    shown = seen(about.ticket, about.facts, context, budget, answer=_answer(decision))
    asked = _rendered(about, shown, prompt=prompt, model=model, schema=SCHEMA)
    return replace(asked, purpose="judge")


def _answer(decision: Decision) -> Document:
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
    about: About, shown: Seen, *, prompt: Prompt, model: Model, schema: Mapping[str, object]
) -> Question:
    taxonomy = about.taxonomy
    expectations = expected_for_all(taxonomy, about.ticket, about.facts)
    data = _written(shown.document)
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
        prompt=prompt.version,
        schema=schema,
        max_output_tokens=model.max_output_tokens,
        timeout_seconds=model.timeout_seconds,
        plain=Plain(
            text=shown.said,
            priorities={name: found.priority for name, found in expectations.items()},
        ),
        placeholders=shown.placeholders,
        sections=shown.sections,
    )


def to_note(
    talk: Talk, *, anew: bool, prompt: Prompt, model: Model, purpose: Purpose, most: int
) -> Question:
    """What is new in a thread, to be noted in at most so many tokens.

    `anew`: together with what was noted before.
    """
    said = [
        {"author": turn.author, "body": text}
        for turn, text in zip(talk.turns, talk.said, strict=True)
    ]
    shown, left_out = cut_turns(said, MOST_TO_NOTE)
    notes = talk.before if anew else None
    data = _written({"notes": notes.document(), "turns": shown} if notes else {"turns": shown})
    fence = _fence(data)
    words = most * BYTES_A_TOKEN // BYTES_A_WORD // 2
    rules = Template(prompt.text).safe_substitute(fence=fence, words=words)
    return Question(
        purpose=purpose,
        model=model.name,
        messages=(
            Message(role="system", content=rules),
            Message(role="user", content=f"{fence}\n{data}\n{fence}"),
        ),
        schema_name=prompt.name,
        prompt=prompt.version,
        schema=NOTES_SCHEMA,
        max_output_tokens=min(model.max_output_tokens, 2 * most),
        timeout_seconds=model.timeout_seconds,
        plain=Plain(text="", priorities={}),
        placeholders=talk.values,
        sections={"turns": Told(tokens(shown), left_out)},
    )


MOST_TO_NOTE = 12_000
"""Tokens of new turns that are noted at once: intake keeps 64 kB of a thread, which is twice
that only where nobody has summed up any of it."""

BYTES_A_WORD = 7


def _written(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)


def corrected(asked: Question, answer: str, problem: str) -> Question:
    """The same question once more, with the answer that did not fit and what was wrong with it."""
    follow_up = (
        f"Your answer does not have the shape that was asked for: {problem}. "
        "Answer the same question again, with nothing but JSON of that shape."
    )
    return replace(
        asked,
        messages=(
            *asked.messages,
            Message(role="assistant", content=answer or "(empty)"),
            Message(role="user", content=follow_up),
        ),
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
