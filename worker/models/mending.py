"""What is odd about a completion and matters to nobody: litellm would drop the answer for it."""

import json
from typing import Any

MOST_TOKENS = 100_000_000
"""Of one call; no model takes so many, and what is made of more fits into no ledger."""


UNTOLD: dict[str, tuple[str, dict[str, int]]] = {
    "content": ("usage", {"input_tokens": 0, "output_tokens": 0}),
    "candidates": (
        "usageMetadata",
        {"promptTokenCount": 0, "candidatesTokenCount": 0, "totalTokenCount": 0},
    ),
}
"""What Anthropic's and Gemini's answers are known by, where litellm looks for their token counts,
and counts that say nothing: without any it takes neither for an answer."""


def mend(document: dict[str, Any]) -> bool:
    """Mends the completion in place; whether there was anything to mend."""
    mended = [_message(choice) for choice in _list(document.get("choices"))]
    return any([_usage(document), *mended])


def _usage(document: dict[str, Any]) -> bool:
    """Token counts that cannot be are as if none had been sent, and none are no reason to fail."""
    usage = document.get("usage")
    is_odd = usage is not None and not (isinstance(usage, dict) and _is_sane(usage))
    if is_odd:
        del document["usage"]
    return any([is_odd, *(_untold(document, known_by) for known_by in UNTOLD)])


def _untold(document: dict[str, Any], known_by: str) -> bool:
    place, nothing = UNTOLD[known_by]
    if known_by not in document or isinstance(document.get(place), dict):
        return False
    document[place] = dict(nothing)
    return True


def _is_sane(usage: dict[str, Any]) -> bool:
    """Only what is counted; providers add times and prices of their own."""
    details = usage.get("prompt_tokens_details") or {}
    counts = [usage.get(f"{kind}_tokens") for kind in ("prompt", "completion", "total")]
    return isinstance(details, dict) and all(
        count is None or (type(count) is int and 0 <= count <= MOST_TOKENS)
        for count in (*counts, details.get("cached_tokens"))
    )


def _message(choice: object) -> bool:
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        return False
    content, refusal = message.get("content"), message.get("refusal")
    if isinstance(content, list):
        message["content"] = "".join(map(_part, content))
    if refusal is not None and not isinstance(refusal, str):
        message["refusal"] = json.dumps(refusal) if refusal else None
    return message.get("content") is not content or message.get("refusal") is not refusal


def _part(part: object) -> str:
    text = part.get("text") if isinstance(part, dict) else None
    return text if isinstance(text, str) else ""


def _list(found: object) -> list[object]:
    return found if isinstance(found, list) else []
