"""A request as the ledger keeps it: whole, so that the very same one can be made again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tasks.ports.model import Message, Question


def recorded(asked: Question) -> str:
    """What was sent, without the model and its limits: those stand in the event, or in config."""
    document = {
        "messages": [{"role": one.role, "content": one.content} for one in asked.messages],
        "schema_name": asked.schema_name,
        "schema": asked.schema,
    }
    return json.dumps(document, ensure_ascii=False)


def readable(kept: str) -> str:
    """The same as people read it, turn by turn. What is none of these is given back as it is."""
    request = Request.read(kept)
    if request is None:
        return kept
    return "\n\n".join(f"[{one.role}]\n{one.content}" for one in request.messages)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked then."""

    messages: tuple[Message, ...]
    schema_name: str
    schema: Mapping[str, Any]

    @classmethod
    def read(cls, kept: str) -> "Request | None":
        """None where it was kept as text, or forgotten."""
        try:
            found = json.loads(kept)
            return cls(
                messages=tuple(Message(**one) for one in found["messages"]),
                schema_name=found["schema_name"],
                schema=found["schema"],
            )
        except (ValueError, TypeError, KeyError):
            return None

    def again(self, asked: Question) -> Question:
        """The same request to the model of that question, with the limits that config has now."""
        return replace(
            asked, messages=self.messages, schema_name=self.schema_name, schema=self.schema
        )
