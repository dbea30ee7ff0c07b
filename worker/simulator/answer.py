"""What a server does with one request: an answer, or something else than an answer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tasks.ports.model import Usage

NOTHING = Usage(input_tokens=0, output_tokens=0)
"""Is billed for what was no completion."""

End = Literal["keep", "close", "reset", "tear", "hang"]
Outcome = Literal["answered", "broken", "left", "hung", "dropped"]
"""How a request ended: `answered` to the last byte; `broken` by the server, on purpose; `left` by
the client before that; `hung` where there was never to be an answer; `dropped` when the server
stopped listening or ended."""


compact = json.JSONEncoder(separators=(",", ":")).encode
"""JSON in ASCII without a space. Made once: making an encoder takes as long as using it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What is done with one request.

    `hang` never answers, `reset` drops the connection without a word, `close` hangs up after the
    answer and `tear` resets in the middle of it. With `drip_seconds` the body comes byte by byte,
    that far apart. The last `unsent` bytes of it never come. `billed` are the tokens that the
    provider charges for, whatever the body says of them.
    """

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content_type: str = "application/json"
    latency_seconds: float = 0.0
    drip_seconds: float | None = None
    end: End = "keep"
    unsent: int = 0
    billed: Usage = NOTHING

    def head(self) -> bytes:
        """Status line and headers."""
        more = "".join(f"\r\n{name}: {value}" for name, value in self.headers.items())
        return (
            f"HTTP/1.1 {self.status} Whatever\r\ncontent-type: {self.content_type}\r\n"
            f"content-length: {len(self.body)}{more}\r\n\r\n"
        ).encode()


def answering(
    document: object,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    latency_seconds: float = 0.0,
    billed: Usage = NOTHING,
) -> Answer:
    """An Answer whose body is that document as JSON."""
    return Answer(
        body=compact(document).encode(),
        status=status,
        headers=headers or {},
        latency_seconds=latency_seconds,
        billed=billed,
    )
