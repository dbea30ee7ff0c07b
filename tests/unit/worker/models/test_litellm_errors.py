"""What is to be done about each thing that goes wrong between us and a provider."""

import json
from typing import Any

import pytest

from tasks.errors import (
    ContextTooLong,
    CredentialRefused,
    Misconfigured,
    ProviderDown,
    QuotaGone,
    RateLimited,
    Rejected,
    TriageError,
    UnknownModel,
)
from worker.models.exchange import Exchange
from worker.models.litellm_errors import Failure, classify

NOW = 1_767_268_800.0

BY_STATUS = (
    (301, UnknownModel),
    (400, Rejected),
    (401, CredentialRefused),
    (402, CredentialRefused),
    (403, CredentialRefused),
    (404, UnknownModel),
    (405, Rejected),
    (408, ProviderDown),
    (409, ProviderDown),
    (413, ContextTooLong),
    (418, Rejected),
    (422, Rejected),
    (425, ProviderDown),
    (429, RateLimited),
    (499, ProviderDown),
    (500, ProviderDown),
    (502, ProviderDown),
    (503, ProviderDown),
    (504, ProviderDown),
    (529, ProviderDown),
)

BY_WORDS: tuple[tuple[int, dict[str, Any], type[TriageError]], ...] = (
    (429, {"code": "insufficient_quota", "message": "You exceeded your quota."}, QuotaGone),
    (429, {"code": "rate_limit_exceeded", "message": "Too fast."}, RateLimited),
    (429, {"code": 429, "status": "RESOURCE_EXHAUSTED"}, RateLimited),
    (
        400,
        {"type": "invalid_request_error", "message": "Your credit balance is too low"},
        QuotaGone,
    ),
    (400, {"code": "context_length_exceeded"}, ContextTooLong),
    (400, {"message": "This model's maximum context length is 8192 tokens."}, ContextTooLong),
    (400, {"message": "prompt is too long: 210000 tokens > 200000 maximum"}, ContextTooLong),
    (
        400,
        {"status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]},
        CredentialRefused,
    ),
    (400, {"code": "model_not_found"}, UnknownModel),
    (400, {"code": "invalid_schema", "message": "prices exceed what"}, Rejected),
    (422, {"message": "I wrote: credit balance is too low"}, Rejected),
    (404, {"type": "not_found_error"}, UnknownModel),
    (503, {"status": "UNAVAILABLE"}, ProviderDown),
)


class APIError(Exception):
    """Looks like litellm's, for which every error is one."""

    def __init__(self, status_code: object, **headers: str) -> None:
        super().__init__("You sent SECRET with sk-SECRET")
        self.status_code = status_code
        self.litellm_response_headers = headers or None


def _answered(status: int, error: dict[str, Any] | None = None, **headers: str) -> Exchange:
    body = json.dumps({"error": error or {}}).encode()
    return Exchange(timeout_seconds=1, sent=True, status=status, headers=headers, body=body)


def _classified(error: Exception, exchange: Exchange) -> TriageError | None:
    failure = Failure.read(error, exchange)
    return classify(failure, model="openai/m", credential="OPENAI_API_KEY", now=NOW)


@pytest.mark.parametrize(("status", "expected"), BY_STATUS)
def test_the_status_on_the_wire_decides(status: int, expected: type[TriageError]) -> None:
    """Whatever class and status litellm makes of it."""
    assert type(_classified(APIError(500), _answered(status))) is expected


@pytest.mark.parametrize(("status", "error", "expected"), BY_WORDS)
def test_the_words_beside_a_status_say_more(
    status: int, error: dict[str, Any], expected: type[TriageError]
) -> None:
    """A provider's own code wins over its status, in those statuses that leave room for it."""
    assert type(_classified(APIError(500), _answered(status, error))) is expected


@pytest.mark.parametrize(("status", "expected"), BY_STATUS)
def test_without_the_wire_litellms_status_decides(status: int, expected: type[TriageError]) -> None:
    """For the few providers that litellm reaches on ways of its own; but a 400 may be its own."""
    found = _classified(APIError(status), Exchange(timeout_seconds=1))
    assert type(found) is (UnknownModel if status == 400 else expected)


@pytest.mark.parametrize("error", [KeyError("choices"), APIError(None), APIError("429")])
def test_what_is_no_answer_and_no_broken_line_is_a_bug(error: Exception) -> None:
    """It stays what it is: None."""
    assert _classified(error, Exchange(timeout_seconds=1)) is None


def test_a_broken_line_is_the_provider_that_is_down() -> None:
    """Refused, reset, timed out: no answer came, and the kind of error is named."""
    broken = Exchange(timeout_seconds=1, sent=True, broken="no connection to h:80 (gaierror)")
    found = _classified(APIError(500), broken)
    assert type(found) is ProviderDown
    assert str(found) == "openai/m: no connection to h:80 (gaierror)"


UNBILLED: tuple[tuple[str, Exception, Exchange, bool], ...] = (
    ("it said no", APIError(500), _answered(429), True),
    ("it said that it cannot", APIError(500), _answered(503), True),
    ("it said no within a 200", APIError(500), _answered(200, {"code": 402}), True),
    ("refused", APIError(500), Exchange(1, sent=True, broken="x", connected=False), True),
    ("reset", APIError(500), Exchange(1, sent=True, broken="ServerDisconnectedError"), False),
    ("timed out", APIError(500), Exchange(1, sent=True, broken="TimeoutError"), False),
    ("cut off", TimeoutError(), _answered(200), False),
    ("litellm's way: refused", APIError(401), Exchange(1), True),
    ("litellm's way: perhaps timed out", APIError(408), Exchange(1), False),
    ("litellm's way: perhaps reset", APIError(500), Exchange(1), False),
)


@pytest.mark.parametrize(("error", "exchange", "unbilled"), [row[1:] for row in UNBILLED])
def test_what_is_known_to_cost_nothing_says_so(
    error: Exception, exchange: Exchange, *, unbilled: bool
) -> None:
    """A provider that said no, or was never reached. Where nobody knows it is charged for."""
    found = _classified(error, exchange)
    assert found
    assert found.unbilled is unbilled


def test_our_own_deadline_is_the_provider_that_is_down() -> None:
    """Even where half an answer had come."""
    assert type(_classified(TimeoutError(), _answered(200))) is ProviderDown


def test_a_status_inside_a_200_counts() -> None:
    """OpenRouter answers 200 and says in the body what it means."""
    error = {"code": 429, "message": "slow down"}
    assert type(_classified(APIError(429), _answered(200, error))) is RateLimited


@pytest.mark.parametrize("status", [429, 503])
def test_waiting_is_passed_on(status: int) -> None:
    """Both that are waited for carry what Retry-After says, in seconds."""
    found = _classified(APIError(500), _answered(status, None, **{"Retry-After": "7"}))
    assert isinstance(found, RateLimited | ProviderDown)
    assert found.retry_after == 7.0


def test_waiting_is_passed_on_without_the_wire() -> None:
    """Litellm keeps the headers of an answer with its error."""
    error = APIError(429, **{"retry-after": "9"})
    found = _classified(error, Exchange(timeout_seconds=1))
    assert isinstance(found, RateLimited)
    assert found.retry_after == 9.0


@pytest.mark.parametrize("status", [401, 404])
def test_a_misconfiguration_names_the_variable(status: int) -> None:
    """The name of the variable, for the operator; its value is nowhere."""
    found = _classified(APIError(500), _answered(status))
    assert isinstance(found, Misconfigured)
    assert found.credential == "OPENAI_API_KEY"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
def test_a_message_quotes_nothing(status: int) -> None:
    """A provider may echo prompt and key, even as its code: only words of letters pass for one."""
    error = {"message": "SECRET", "type": "bad_thing", "code": "sk-SECRET-0123", "param": "SECRET"}
    found = _classified(APIError(500), _answered(status, error))
    assert str(found) == f"openai/m: HTTP {status} (bad_thing)"


def test_a_filter_that_stops_the_question_is_a_refusal() -> None:
    """Azure sends it as a 400; it is for people to look at, not a wrong request."""
    error = {"code": "content_filter", "innererror": {"code": "ResponsibleAIPolicyViolation"}}
    assert Failure.read(APIError(400), _answered(400, error)).filtered
    assert not Failure.read(APIError(400), _answered(400, {"code": "bad_thing"})).filtered


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"[1]", b'"x"', b'{"error": 3}', b"\xff"])
def test_any_body_can_be_complained_with(body: bytes) -> None:
    """A complaint that cannot be read leaves the status to decide."""
    exchange = Exchange(timeout_seconds=1, sent=True, status=500, body=body)
    assert type(_classified(APIError(500), exchange)) is ProviderDown
