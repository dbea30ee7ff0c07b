"""Anthropic's messages.

https://docs.anthropic.com/en/api/messages and .../en/api/errors
"""

import json
from typing import Any

from worker.simulator.dialect import Asked, Document, Said, Trouble, text_of

BAD_REQUEST = 400
COMPLAINTS = {
    Trouble.RATE: ("rate_limit_error", "This request would exceed your rate limit."),
    Trouble.QUOTA: (
        "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API.",
    ),
    Trouble.KEY: ("authentication_error", "invalid x-api-key"),
    Trouble.PAYMENT: ("billing_error", "There is an issue with your billing."),
    Trouble.FORBIDDEN: ("permission_error", "Your API key has no permission for this resource."),
    Trouble.MODEL: ("not_found_error", "model: "),
    Trouble.REJECTED: ("invalid_request_error", "The request is not valid."),
    Trouble.CONTEXT: (
        "invalid_request_error",
        "prompt is too long: 210000 tokens > 200000 maximum",
    ),
    Trouble.FILTERED: ("invalid_request_error", "Output blocked by content filtering policy"),
    Trouble.SERVER: ("api_error", "Internal server error"),
    Trouble.OVERLOADED: ("overloaded_error", "Overloaded"),
}
"""Type and message."""

STOPS = {"cut": "max_tokens", "filtered": "refusal", "refused": "refusal", "whole": "end_turn"}


class Anthropic:
    """Implements Dialect."""

    def asked(self, document: Document, path: str) -> Asked:  # noqa: ARG002 - the port's
        messages = document["messages"]
        texts = [text_of(turn["content"]) for turn in messages]
        first = next(n for n, turn in enumerate(messages) if turn["role"] == "user")
        schema, tool = _form(document)
        return Asked(
            model=str(document["model"]),
            rules=text_of(document.get("system", "")),
            question=texts[first],
            more=sum(map(len, texts)) - len(texts[first]),
            schema=schema,
            tool=tool,
        )

    def completion(self, said: Said, asked: Asked) -> Document:
        tool = _object(said.text) if asked.tool and said.stop == "whole" else None
        if tool is not None:
            content = [{"type": "tool_use", "id": "toolu_1", "name": asked.tool, "input": tool}]
        elif said.text is None or said.stop in ("filtered", "refused"):
            content = []
        else:
            content = [{"type": "text", "text": said.text}]
        stop = "tool_use" if tool is not None else STOPS[said.stop]
        return {**self.nothing(said), "content": content, "stop_reason": stop}

    def nothing(self, said: Said) -> Document:
        usage = said.usage
        counts = usage and {
            "input_tokens": usage.input_tokens - usage.cached_tokens,
            "cache_read_input_tokens": usage.cached_tokens,
            "output_tokens": usage.output_tokens,
        }
        return {
            "id": f"msg_{said.id}",
            "type": "message",
            "role": "assistant",
            "model": said.model,
            "content": [],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            **({"usage": counts} if counts else {}),
        }

    def complaint(self, trouble: Trouble, status: int, model: str) -> tuple[int, Document]:
        kind, message = COMPLAINTS[trouble]
        told = f"{message}{model}" if message.endswith(": ") else message
        error = {"type": kind, "message": told}
        document = {"type": "error", "error": error, "request_id": "req_simulated"}
        return BAD_REQUEST if trouble is Trouble.QUOTA else status, document


def _form(document: Document) -> tuple[Any, str | None]:
    """The schema, and the tool that it is the input of; a model has one way or the other."""
    form = document.get("output_format") or (document.get("output_config") or {}).get("format")
    if form:
        return form.get("schema"), None
    tools = document.get("tools")
    return (tools[0]["input_schema"], tools[0]["name"]) if tools else (None, None)


def _object(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
