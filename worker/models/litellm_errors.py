"""From what went wrong with a question to what is to be done about it, by HTTP status.

litellm's classes are no help: a refused connection is an `InternalServerError`, a 402 a plain
`APIError`, a bug in a custom provider a 500. So the wire is asked first, and the error's
`status_code` only where litellm took a way out of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.errors import (
    ContextTooLong,
    CredentialRefused,
    Misconfigured,
    ProviderDown,
    QuotaGone,
    RateLimited,
    Rejected,
    Transient,
    TriageError,
    UnknownModel,
)
from worker.models.complaint import Complaint
from worker.models.exchange import SUCCESS, Exchange
from worker.retry_after import retry_after

Kind = type[TriageError]

BAD_REQUEST = 400
REFUSED = 4
"""The hundred of statuses that say no."""

OF_ITS_OWN = frozenset({408, 499})
"""Statuses of that hundred that litellm gives to a line that broke."""

COMPLAINS = frozenset({400, 402, 403, 404, 413, 429})
"""Statuses whose meaning depends on the words beside them."""

BY_CODE: dict[str, Kind] = {
    "insufficient_quota": QuotaGone,
    "billing_hard_limit_reached": QuotaGone,
    "billing_not_active": QuotaGone,
    "invalid_api_key": CredentialRefused,
    "API_KEY_INVALID": CredentialRefused,  # Google says 400 to a wrong key
    "model_not_found": UnknownModel,
    "context_length_exceeded": ContextTooLong,
    "request_too_large": ContextTooLong,
}
BY_PHRASE: dict[str, Kind] = {
    "credit balance is too low": QuotaGone,  # Anthropic, with 400
    "maximum context length": ContextTooLong,  # vLLM and OpenAI
    "prompt is too long": ContextTooLong,  # Anthropic
    "exceeds the maximum number of tokens": ContextTooLong,  # Google
}
BY_STATUS: dict[int, Kind] = {
    401: CredentialRefused,
    402: CredentialRefused,
    403: CredentialRefused,
    404: UnknownModel,
    408: ProviderDown,
    409: ProviderDown,  # in conflict with another request: OpenAI's advice is to try again
    413: ContextTooLong,
    425: ProviderDown,
    429: RateLimited,
    499: ProviderDown,  # Google: cancelled on the way
}
BY_HUNDRED: dict[int, Kind] = {
    3: UnknownModel,  # a redirect: the address in config is not the provider's
    4: Rejected,
    5: ProviderDown,
}
FILTERED = frozenset({"content_filter", "content_policy_violation", "ResponsibleAIPolicyViolation"})
"""Codes of a refusal that came as an error."""

FILTERED_PHRASE = "blocked by content filtering policy"  # Anthropic, with 400


class LitellmFailed(Exception):
    """What litellm raised, without its text: that may quote the prompt and the key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A question that got no completion. As text: status and codes, nothing of the ticket."""

    raised: str  # the name of the class of what was raised
    status: int | None  # None: no answer came
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    complaint: Complaint = field(default_factory=Complaint)
    broken: str | None = None  # what became of the line, where it broke
    sent: bool = True  # False: litellm raised before anything left, or took a way of its own
    connected: bool = True  # False: there never was a line to the provider
    overslept: bool = False  # we stood still when its time was up

    @classmethod
    def read(cls, error: Exception, exchange: Exchange) -> "Failure":
        """What happened, from the wire where it was used, from litellm's error otherwise."""
        raised = type(error).__name__
        if isinstance(error, TimeoutError):  # the gateway's own deadline
            return cls(raised=raised, status=None, broken=raised, overslept=exchange.overslept)
        if not exchange.sent:
            status = getattr(error, "status_code", None)
            return cls(
                raised=raised,
                status=status if isinstance(status, int) else None,
                headers=getattr(error, "litellm_response_headers", None) or {},
                sent=False,
            )
        complaint = Complaint.read(exchange.body)
        # OpenRouter says 200 and puts the status that it means into the body.
        inner = complaint.status if exchange.succeeded else None
        return cls(
            raised=raised,
            status=inner or exchange.status,
            headers=exchange.headers,
            complaint=complaint,
            broken=exchange.broken,
            connected=exchange.connected,
            overslept=exchange.overslept,
        )

    @property
    def unbilled(self) -> bool:
        """It is known to cost nothing: the provider said no, or was never reached.

        Where litellm took a way of its own only what the provider itself must have said counts: a
        408 or a 5xx may be litellm's word for a line that broke.
        """
        if not self.connected:
            return True
        if self.status is None or self.answered:
            return False
        return self.sent or (self.status // 100 == REFUSED and self.status not in OF_ITS_OWN)

    @property
    def answered(self) -> bool:
        """The provider said that all is well, and sent something that is no completion."""
        return self.status is not None and self.status // 100 == SUCCESS

    @property
    def filtered(self) -> bool:
        """The provider's filter stopped it: a refusal, for people to look at."""
        said = self.complaint
        is_said = not FILTERED.isdisjoint(said.codes) or FILTERED_PHRASE in said.text
        return self.status in COMPLAINS and is_said

    def __str__(self) -> str:
        if self.status is None:
            return self.broken or self.raised
        if not self.sent:
            return f"litellm says {self.raised} ({self.status})"
        codes = ", ".join(self.complaint.codes[:2])
        return f"HTTP {self.status} ({codes})" if codes else f"HTTP {self.status}"


def classify(failure: Failure, *, model: str, credential: str, now: float) -> TriageError | None:
    """The error to raise; None where it is none that we know: a bug.

    `credential` is the name of the variable with the key, `now` epoch seconds (for Retry-After).
    """
    kind = kind_of(failure)
    if kind is None:
        return None
    error = _made(kind, failure, model=model, credential=credential, now=now)
    error.unbilled, error.overslept = failure.unbilled, failure.overslept
    return error


def _made(kind: Kind, failure: Failure, *, model: str, credential: str, now: float) -> TriageError:
    message = f"{model}: {failure}"
    if issubclass(kind, UnknownModel):
        return kind(message, credential=credential, guard=f"model:{model}")
    if issubclass(kind, Misconfigured):
        return kind(message, credential=credential)
    if issubclass(kind, Transient | RateLimited):
        return kind(message, retry_after=retry_after(failure.headers, now))
    return kind(message)


def kind_of(failure: Failure) -> Kind | None:
    """What is to be done about it: the words beside a status say more than the status."""
    if failure.status is None:
        return ProviderDown if failure.broken else None
    if failure.status == BAD_REQUEST and not failure.sent:
        return UnknownModel  # litellm cannot ask this model, or not as we want it
    odd = ProviderDown  # a status that HTTP does not have: whoever says so is not well
    return (
        _by_words(failure)
        or BY_STATUS.get(failure.status)
        or BY_HUNDRED.get(failure.status // 100, odd)
    )


def _by_words(failure: Failure) -> Kind | None:
    if failure.status not in COMPLAINS:
        return None
    complaint = failure.complaint
    codes = (BY_CODE[code] for code in complaint.codes if code in BY_CODE)
    phrases = (kind for phrase, kind in BY_PHRASE.items() if phrase in complaint.text)
    return next(codes, None) or next(phrases, None)
