"""How likely the tokens of an answer's issue type were, where the provider says so."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

ISSUE_TYPE = re.compile(r'"issue_type"\s*:\s*("(?:[^"\\]|\\.)*")')
TOKENS = "tokens"
"""The name of this signal."""


def measured(text: str, logprobs: object) -> Mapping[str, float]:
    """The product of the probabilities of all tokens that the value is made of; else nothing.

    `logprobs` is what OpenAI's chat completions call by that name: `content`, a list of tokens
    with their natural logarithm. Tokens that do not add up to the text say nothing of it.
    """
    found = ISSUE_TYPE.search(text)
    tokens = _tokens(logprobs)
    if not found or not _is_named(found[1]) or "".join(token for token, _ in tokens) != text:
        return {}
    start, end = found.start(1) + 1, found.end(1) - 1
    total, place = 0.0, 0
    for token, logarithm in tokens:
        if place < end and place + len(token) > start:
            total += logarithm
        place += len(token)
    return {TOKENS: math.exp(min(total, 0.0))} if math.isfinite(total) else {}


def _is_named(quoted: str) -> bool:
    try:
        return bool(json.loads(quoted))
    except ValueError:
        return False


def _tokens(logprobs: object) -> Sequence[tuple[str, float]]:
    content: Any = _part(logprobs, "content")
    if not isinstance(content, list):
        return []
    pairs = [(_part(one, "token"), _part(one, "logprob")) for one in content]
    said = [(token, value) for token, value in pairs if isinstance(token, str)]
    return [(token, float(value)) for token, value in said if isinstance(value, int | float)]


def _part(whole: object, name: str) -> Any:  # noqa: ANN401 - litellm's types, or a provider's JSON
    return whole.get(name) if isinstance(whole, dict) else getattr(whole, name, None)
