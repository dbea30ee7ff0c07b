"""OpenAI's chat completions, and Azure's, whose path names the deployment.

https://platform.openai.com/docs/api-reference/chat and .../docs/guides/error-codes
"""

import re

from tasks.ports.model import Usage
from worker.simulator.dialect import Asked, Document, Said, Trouble, text_of

DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/")
INSTEAD = "I'm sorry, I can't help with that."

COMPLAINTS = {
    Trouble.RATE: ("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    Trouble.QUOTA: ("insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    Trouble.KEY: ("invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    Trouble.PAYMENT: ("billing_error", "payment_required", "Payment required."),
    Trouble.FORBIDDEN: ("permission_error", "permission_denied", "The project has no access."),
    Trouble.MODEL: ("invalid_request_error", "model_not_found", "The model does not exist: "),
    Trouble.REJECTED: ("invalid_request_error", "invalid_value", "The request is not valid."),
    Trouble.CONTEXT: (
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 128000 tokens.",
    ),
    Trouble.FILTERED: (
        "invalid_request_error",
        "content_filter",
        "The prompt triggered the content management policy.",
    ),
    Trouble.SERVER: ("server_error", None, "The server had an error."),
    Trouble.OVERLOADED: ("server_error", None, "The engine is currently overloaded."),
}
"""Type, code and message."""


class OpenAI:
    """Implements Dialect."""

    def asked(self, document: Document, path: str) -> Asked:
        deployment = DEPLOYMENT.search(path)
        messages = document["messages"]
        said = [(turn["role"], text_of(turn["content"])) for turn in messages]
        users = [text for role, text in said if role == "user"]
        form = document.get("response_format") or {}
        return Asked(
            model=deployment[1] if deployment else str(document["model"]),
            rules="\n".join(text for role, text in said if role in ("system", "developer")),
            question=users[0],
            more=sum(len(text) for role, text in said if role == "assistant")
            + sum(map(len, users[1:])),
            schema=form.get("json_schema", {}).get("schema"),
        )

    def completion(self, said: Said, asked: Asked) -> Document:  # noqa: ARG002 - the port's
        finish = {"cut": "length", "filtered": "content_filter"}.get(said.stop, "stop")
        message: dict[str, object] = {
            "role": "assistant",
            "content": None if said.stop in ("filtered", "refused") else said.text,
            "refusal": INSTEAD if said.stop == "refused" else None,
            "annotations": [],
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
        return {**self.nothing(said), "choices": [choice]}

    def nothing(self, said: Said) -> Document:
        found = {
            "id": f"chatcmpl-{said.id}",
            "object": "chat.completion",
            "created": 1_763_000_000,
            "model": said.model,
            "choices": [],
            "system_fingerprint": "fp_simulated",
        }
        return found if said.usage is None else {**found, "usage": _usage(said.usage)}

    def complaint(self, trouble: Trouble, status: int, model: str) -> tuple[int, Document]:
        kind, code, message = COMPLAINTS[trouble]
        told = f"{message}{model}" if message.endswith(": ") else message
        return status, {"error": {"message": told, "type": kind, "param": None, "code": code}}


def _usage(usage: Usage) -> Document:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }
