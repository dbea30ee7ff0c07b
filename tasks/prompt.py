"""Renders the question to a model from an enriched case. Ticket text is fenced as data."""

import hashlib
import json
from string import Template

from config.prompts import Prompt
from config.taxonomy import Taxonomy
from config.tiers import Model
from tasks.facts import Facts
from tasks.ports.model import Message, Plain, Question
from tasks.priority import Expected, expected_for_all
from tasks.ticket import Ticket
from tasks.verdict import answer_schema


def question(
    ticket: Ticket, facts: Facts, *, prompt: Prompt, taxonomy: Taxonomy, model: Model
) -> Question:
    """The one question about this ticket for this model. Pure: same input, same question."""
    expectations = expected_for_all(taxonomy, ticket, facts)
    data = _data(ticket, facts)
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
            text="\n".join(ticket.said()),
            priorities={name: found.priority for name, found in expectations.items()},
        ),
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
    )


def digest(asked: Question) -> str:
    """Sixteen hex digits that are the same for the same question to the same model."""
    parts = [asked.model, asked.schema_name, json.dumps(asked.schema, sort_keys=True)]
    parts += [f"{message.role}\x1f{message.content}" for message in asked.messages]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:16]


def shown(asked: Question) -> str:
    """The request as people read it, turn by turn."""
    return "\n\n".join(f"[{message.role}]\n{message.content}" for message in asked.messages)


def likely_tokens(asked: Question) -> int:
    """What it is likely to come to, in and out: a token is mostly three or four bytes."""
    said = sum(len(message.content.encode()) for message in asked.messages)
    return said // BYTES_A_TOKEN + asked.max_output_tokens


BYTES_A_TOKEN = 3
"""A guess for limits, which the answer puts right; money is reserved by what can be at most."""


def trimmed(ticket: Ticket) -> Ticket | None:
    """The ticket with its last words alone, its beginning and its end; None: there is no less."""
    body = ticket.body
    if len(body) > TRIMMED:
        body = f"{body[: TRIMMED // 2]}\n[...]\n{body[-TRIMMED // 2 :]}"
    if not ticket.thread and body == ticket.body:
        return None
    return ticket.model_copy(update={"thread": (), "body": body})


TRIMMED = 8_000
"""Characters of a ticket that was too long for a model: what it is about stands at the ends."""


def _data(ticket: Ticket, facts: Facts) -> str:
    """Ticket and facts as one JSON document: quotes and line breaks of the text are escaped."""
    turns = [turn.model_dump(mode="json", exclude={"at", "quoted"}) for turn in ticket.thread[-6:]]
    document = {
        "ticket": {
            "channel": ticket.channel,
            "created_at": ticket.created_at.isoformat(),
            "earlier_turns": turns,
            "subject": ticket.subject,
            "message": ticket.body,
        },
        "customer": facts.model_dump(mode="json", exclude={"fetched_at"}, exclude_defaults=True),
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


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
