"""Which protocol a path belongs to, and whose key came with a request."""

import hashlib
from functools import lru_cache

from worker.simulator.dialect import Dialect
from worker.simulator.dialects.anthropic import Anthropic
from worker.simulator.dialects.gemini import Gemini
from worker.simulator.dialects.openai import OpenAI
from worker.simulator.request import Request

OPENAI, ANTHROPIC, GEMINI = OpenAI(), Anthropic(), Gemini()
ENDINGS: tuple[tuple[str, Dialect], ...] = (
    ("/chat/completions", OPENAI),
    ("/messages", ANTHROPIC),
    (":generateContent", GEMINI),
)
"""With or without `/v1` before them, as a base URL may have it."""

HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")
HASH_BYTES = 4


def dialect(path: str) -> Dialect | None:
    """The protocol; None where nobody is asked at that path."""
    return next((found for ending, found in ENDINGS if path.endswith(ending)), None)


def key_of(request: Request) -> str:
    """The key, however it came; empty where there is none."""
    for name in HEADERS:
        if found := request.headers.get(name):
            return found.removeprefix("Bearer ")
    return request.query.get("key", "") if "?" in request.target else ""


@lru_cache(maxsize=1024)
def hashed(key: str) -> str:
    """Eight hex digits that a key is known by: the key itself stands nowhere."""
    return hashlib.blake2b(key.encode(), digest_size=HASH_BYTES).hexdigest()
