"""The model port: one question, one request, one reply."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tasks.sections import Told

Purpose = Literal["classify", "judge", "repeat", "summarise", "compress"]
"""What a question is asked for; only an answer to the first one decides about a ticket."""


LEAST_SHARE, LEAST_SECONDS = 0.5, 1.0


def least_of(timeout: float) -> float:
    """Seconds of it that whoever is asked has for the answer, however late the question comes.

    Our own delay is not to be taken for their failure: half of it, and a second if it has one.
    """
    return max(timeout * LEAST_SHARE, min(timeout, LEAST_SECONDS))


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One turn of the prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plain:
    """What a model without language needs instead of a prompt.

    `text` is the customer's own words; `priorities` the priority (1-4) that the policy expects
    for each issue type, with this customer's facts.
    """

    text: str
    priorities: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One request to one model, complete: nothing is added on the way."""

    model: str  # as config names it, provider first: "openai/gpt-5-mini", "local/baseline"
    messages: tuple[Message, ...]
    schema_name: str  # the prompt's name
    prompt: str = ""  # its version; empty where no prompt made it
    schema: Mapping[str, object]  # JSON schema of the answer
    max_output_tokens: int
    timeout_seconds: float
    until: float | None = None  # monotonic: when nobody waits any more; None: for its whole timeout
    plain: Plain
    purpose: Purpose = "classify"
    placeholders: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """What stands for what in it: for whoever reads the answer, and never sent."""
    sections: Mapping[str, Told] = field(default_factory=dict[str, Told])
    """How much of each section of what is known is told in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """Measured signals of confidence; never a number that a model merely states.

    `confidence` is a calibrated probability (0-1) that `issue_type` is right; `threshold` the
    least confidence that the tolerated error allows. `ranking` holds issue types with their
    probability, best first.
    """

    confidence: float
    threshold: float
    ranking: tuple[tuple[str, float], ...] = ()
    abstains: str | None = None  # why the model would rather not answer; None when it would


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens as the provider counted them. `cached_tokens` are part of `input_tokens`."""

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    reported: bool = True  # False: the provider sent no usage and the zeros mean nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back, as it came: not parsed, not judged."""

    text: str
    model_asked: str
    model_answered: str
    usage: Usage
    finish_reason: str  # "stop", "length", "content_filter", ... in the provider's word
    latency_seconds: float
    refusal: str | None = None  # the provider's own words when the model refused
    signals: Signals | None = field(default=None)
    measured: Mapping[str, float] = field(default_factory=dict[str, float])
    """Signals of confidence as they were measured, 0 to 1 each; nothing that the model states."""


def nobody_minds() -> None:
    """The last look of whoever has no guards."""


class Models(Protocol):
    """Asks a model.

    Promise: exactly one request leaves for one call of `ask`, whatever happens; nothing is
    retried, repaired or answered by another model. The answer comes back unparsed. `look` is
    called just before that request leaves; what it raises goes on, and nothing was sent.

    Raises ProviderDown, RateLimited, CredentialRefused, UnknownModel, QuotaGone, Rejected or
    ContextTooLong, each `from` the adapter's own error. A refusal is a Reply, not an error.
    """

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply: ...
