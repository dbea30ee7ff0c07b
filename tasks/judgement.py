"""A judgement as it should be: its shape, and which answers have to have one."""

import hashlib
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from config.policy import Judging, Policy
from tasks.decision import Decision
from tasks.facts import Facts
from tasks.instructions import talks_to_a_machine
from tasks.ticket import Ticket
from tasks.verdict import Misshapen

Judged = Literal["issue_type", "priority", "escalation", "draft"]
FIELDS: tuple[Judged, ...] = ("issue_type", "priority", "escalation", "draft")


class Judgement(BaseModel):
    """What the judge says of an answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    agrees: bool
    wrong: tuple[Judged, ...]
    why: str

    @classmethod
    def parse(cls, text: str) -> "Judgement | Misshapen":
        """The judgement in `text`, or what is wrong with its shape. Nothing is repaired."""
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
            place = ".".join(str(part) for part in problem["loc"] if part in cls.model_fields)
            return Misshapen(f"{place or 'the answer'}: {problem['msg']}")
        except ValueError:
            return Misshapen("the answer is not text that JSON can hold")

    @model_validator(mode="after")
    def _says_one_thing(self) -> "Judgement":
        """Who disagrees says with what; a yes beside a list of faults is no yes."""
        if self.agrees == bool(self.wrong):
            message = "it agrees and disagrees at once" if self.agrees else "it names no field"
            raise ValueError(message)
        return self


SCHEMA: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "agrees": {"type": "boolean"},
        "wrong": {"type": "array", "items": {"type": "string", "enum": list(FIELDS)}},
        "why": {"type": "string"},
    },
    "required": ["agrees", "wrong", "why"],
    "additionalProperties": False,
}
"""Strict structured output asks that every property is required and none is added."""


def why_judged(decision: Decision, ticket: Ticket, facts: Facts, policy: Policy) -> str | None:
    """Why this answer must be judged before it is written, in words for people; None: it need not.

    What policy calls high stakes always is. Of the others a share is, drawn by what they say: the
    same ones after a restart, and on another machine.
    """
    rules, tier = policy.judge, facts.account.tier if facts.account else None
    if decision.issue_type in rules.issue_types:
        return f"issue type {decision.issue_type} is of high stakes"
    if decision.escalation and rules.escalations:
        return "an escalation is of high stakes"
    if tier in rules.customer_tiers:
        return f"a {tier} customer is of high stakes"
    if rules.instructions and (sign := talks_to_a_machine(ticket, policy.signs)):
        return f"a ticket is of high stakes where {sign}"
    return "a sample" if _drawn(ticket, rules) < rules.share else None


def _drawn(ticket: Ticket, rules: Judging) -> float:
    """A number in [0, 1), which a ticket can choose only if its writer knows the seed."""
    said = f"{rules.seed}\x1f{ticket.id}\x1f{ticket.digest()}"
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:7]) / 2**56
