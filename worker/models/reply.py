"""From litellm's response to a Reply: not parsed, not judged."""

import json
import re
from typing import Any

from tasks.ports.model import Question, Reply, Usage
from worker.models.mending import MOST_TOKENS
from worker.models.probabilities import measured

ModelResponse = Any  # litellm.ModelResponse: litellm's types are not followed

MOST_GARBAGE = 2_000
"""Characters of an answer that is no completion: enough to see what it is."""

NAME = re.compile(r"[\w./:@+ -]{1,200}", re.ASCII)

UNREPORTED = Usage(input_tokens=0, output_tokens=0, reported=False)


def read_reply(response: ModelResponse, question: Question, latency_seconds: float) -> Reply:
    """The first choice of litellm's ModelResponse; `empty` where there is none."""
    answered = _name(response.model) or question.model
    usage = read_usage(getattr(response, "usage", None))
    if not response.choices:
        return _without(question, latency_seconds, "empty", answered=answered, usage=usage)
    choice = response.choices[0]
    fields = getattr(choice.message, "provider_specific_fields", None) or {}
    text = choice.message.content or ""
    return Reply(
        text=text,
        model_asked=question.model,
        model_answered=answered,
        usage=usage,
        finish_reason=choice.finish_reason or "stop",
        latency_seconds=latency_seconds,
        refusal=fields.get("refusal") or getattr(choice.message, "refusal", None),
        measured=measured(text, getattr(choice, "logprobs", None)),
    )


def read_usage(usage: object) -> Usage:
    """Token counts. One that is missing or cannot be is as if nothing had been reported."""
    asked = _tokens(getattr(usage, "prompt_tokens", None))
    said = _tokens(getattr(usage, "completion_tokens", None))
    if not asked and not said:
        return UNREPORTED
    details = getattr(usage, "prompt_tokens_details", None)
    cached = _tokens(getattr(details, "cached_tokens", None))
    return Usage(input_tokens=asked, output_tokens=said, cached_tokens=min(cached, asked))


def _tokens(found: object) -> int:
    return found if isinstance(found, int) and 0 < found <= MOST_TOKENS else 0


def _name(found: object) -> str | None:
    """A model's name as providers write it; what it cannot be stands nowhere."""
    return found if isinstance(found, str) and NAME.fullmatch(found) else None


def no_completion(body: bytes, question: Question, latency_seconds: float) -> Reply:
    """A 200 that holds no completion: `empty` without choices, `content_filter`, or `garbage`."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict) and document.get("choices") == []:
        return _without(question, latency_seconds, "empty")
    if _is_blocked(document):
        return filtered(question, latency_seconds)
    text = body[: 4 * MOST_GARBAGE].decode(errors="replace")[:MOST_GARBAGE]
    return _without(question, latency_seconds, "garbage", text=text)


def _is_blocked(document: object) -> bool:
    """Google's filter stops a question with a 200 that has a reason and no candidates."""
    feedback = document.get("promptFeedback") if isinstance(document, dict) else None
    return isinstance(feedback, dict) and isinstance(feedback.get("blockReason"), str)


def filtered(question: Question, latency_seconds: float) -> Reply:
    """The provider's filter stopped the question itself."""
    return _without(question, latency_seconds, "content_filter", refusal="content_filter")


def _without(
    question: Question,
    latency_seconds: float,
    finish_reason: str,
    *,
    text: str = "",
    answered: str = "",
    usage: Usage = UNREPORTED,
    refusal: str | None = None,
) -> Reply:
    return Reply(
        text=text,
        model_asked=question.model,
        model_answered=answered or question.model,
        usage=usage,
        finish_reason=finish_reason,
        latency_seconds=latency_seconds,
        refusal=refusal,
    )
