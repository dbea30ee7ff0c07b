"""Every fault of the simulator becomes what it is meant to be, over the real gateway."""

import asyncio
import json
from collections.abc import Callable, Iterator

import pytest

from tasks.errors import (
    ContextTooLong,
    CredentialRefused,
    ProviderDown,
    QuotaGone,
    RateLimited,
    Rejected,
    TriageError,
    UnknownModel,
)
from tasks.ports.model import Question, Reply
from tasks.verdict import Verdict
from tests.acceptance.asking import ANTHROPIC, AZURE, GEMINI, KEY, OPENAI, a_question
from tests.acceptance.patience import until
from worker.clock import SystemClock
from worker.models.gateway import Endpoint, LitellmGateway
from worker.simulator.catalogue import FAULTS
from worker.simulator.routes import hashed
from worker.simulator.running import running
from worker.simulator.simulator import Simulator

ROUTES = (OPENAI, "hosted_vllm/qwen3", AZURE, ANTHROPIC, GEMINI)
BARE = (AZURE, ANTHROPIC, GEMINI)
IMPATIENT = {"hang": 0.5, "slow_drip": 0.5}
"""Seconds that such a question has; the others have ten."""

ERRORS: dict[str, type[TriageError]] = {
    "rate_seconds": RateLimited,
    "rate_date": RateLimited,
    "rate_nonsense": RateLimited,
    "rate_bare": RateLimited,
    "rate_60": RateLimited,
    "insufficient_quota": QuotaGone,
    "error_400": Rejected,
    "error_401": CredentialRefused,
    "error_402": CredentialRefused,
    "error_403": CredentialRefused,
    "error_404": UnknownModel,
    "error_408": ProviderDown,
    "error_500": ProviderDown,
    "error_502": ProviderDown,
    "error_503": ProviderDown,
    "error_529": ProviderDown,
    "context_too_long": ContextTooLong,
    "hang": ProviderDown,
    "reset": ProviderDown,
    "reset_mid_body": ProviderDown,
    "cut": ProviderDown,
    "slow_drip": ProviderDown,
}
"""What is raised."""

REPLIES: dict[str, Callable[[Reply], bool]] = {
    "ok": lambda reply: _is_verdict(reply.text),
    "slow_0.2": lambda reply: _is_verdict(reply.text) and reply.latency_seconds >= 0.2,
    "prompt_filtered": lambda reply: reply.finish_reason == "content_filter",
    "page": lambda reply: reply.finish_reason == "garbage" and "<h1>" in reply.text,
    "empty": lambda reply: (reply.finish_reason, reply.text) == ("garbage", ""),
    "no_choices": lambda reply: not reply.text and reply.finish_reason in ("empty", "stop"),
    "no_content": lambda reply: (reply.finish_reason, reply.text) == ("stop", ""),
    "words": lambda reply: not _is_json(reply.text),
    "words_around": lambda reply: not _is_json(reply.text) and '"issue_type"' in reply.text,
    "wrong_shape": lambda reply: json.loads(reply.text)["priority"] == "high",
    "off_list": lambda reply: json.loads(reply.text)["issue_type"] == "no_such_type",
    "off_band": lambda reply: json.loads(reply.text)["priority"] == 5,
    "unproven": lambda reply: json.loads(reply.text)["escalate"] is True,
    "truncated": lambda reply: reply.finish_reason == "length" and not _is_json(reply.text),
    "refusal": lambda reply: bool(reply.refusal) or reply.finish_reason == "content_filter",
    "content_filter": lambda reply: reply.finish_reason == "content_filter",
    "usage_missing": lambda reply: _is_verdict(reply.text) and not reply.usage.reported,
    "huge": lambda reply: reply.finish_reason == "garbage" and len(reply.text) == 2_000,
    "other_model": lambda reply: reply.model_answered == "another-model-2",
}
"""What is true of the reply."""

CENTRAL = (
    *("ok", "rate_seconds", "insufficient_quota", "error_401", "error_404", "error_500"),
    *("error_529", "context_too_long", "no_choices", "truncated", "refusal", "reset"),
    *("reset_mid_body", "words_around", "page", "hang", "usage_missing", "other_model"),
)
"""What is tried on every route."""

ELSEWHERE: dict[tuple[str, str], type[TriageError]] = {
    (GEMINI, "insufficient_quota"): RateLimited,  # Google says it as it says a rate limit
}
FILTERED = [(model, "prompt_filtered") for model in ROUTES[1:]]
CASES = [
    *((OPENAI, fault) for fault in (*ERRORS, *REPLIES)),
    *((model, fault) for model in ROUTES[1:] for fault in CENTRAL),
    *FILTERED,
]


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _is_verdict(text: str) -> bool:
    """By the schema that was asked for, which lacks two keys of ours."""
    return isinstance(
        Verdict.parse(json.dumps(json.loads(text) | {"evidence": [], "draft": None})), Verdict
    )


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """Every route was asked once: litellm imports it at first use."""
    with running(Simulator({"one": 0})) as found:
        for model in ROUTES:
            _ask(found, a_question(model, timeout_seconds=60.0))
        yield found


def _ask(simulator: Simulator, question: Question, *, key: str = KEY) -> Reply:
    provider = simulator["one"]
    base = provider.root if question.model in BARE else provider.url
    endpoint = Endpoint(api_base=base, api_key=key, credential="THE_KEY")

    async def ask() -> Reply:
        gateway = LitellmGateway({question.model: endpoint}, clock=SystemClock())
        try:
            return await gateway.ask(question)
        finally:
            await gateway.aclose()

    return asyncio.run(ask())


def _asked(simulator: Simulator, model: str, fault: str) -> Reply | TriageError:
    """What came of one question while that fault is played."""
    until(lambda: simulator["one"].in_flight == 0)  # else the record of what was before comes late
    simulator.forget()
    simulator.play(fault)
    try:
        return _ask(simulator, a_question(model, timeout_seconds=IMPATIENT.get(fault, 10.0)))
    except TriageError as error:
        return error


@pytest.mark.parametrize(("model", "fault"), CASES)
def test_a_fault_becomes_what_it_is_meant_to_be(
    simulator: Simulator, model: str, fault: str
) -> None:
    """With exactly one request, whatever happens to it."""
    came = _asked(simulator, model, fault)
    if fault in ERRORS:
        assert type(came) is ELSEWHERE.get((model, fault), ERRORS[fault])
    else:
        assert isinstance(came, Reply), came
        assert REPLIES[fault](came), came
    until(lambda: len(simulator.log) == 1)
    [record] = simulator.log
    assert (record.fault, record.key) == (fault, hashed(KEY))
    assert record.model == model.partition("/")[2]


def test_every_fault_has_its_case() -> None:
    """A new one is refused until somebody has said what it is to become."""
    assert FAULTS.keys() - ERRORS.keys() - REPLIES.keys() == set()


@pytest.mark.parametrize(
    ("fault", "seconds"), [("rate_seconds", 2), ("rate_date", 2), ("rate_60", 60)]
)
def test_a_wait_is_told_in_every_form(simulator: Simulator, fault: str, seconds: float) -> None:
    """A date has whole seconds, and some have passed."""
    came = _asked(simulator, OPENAI, fault)
    assert isinstance(came, RateLimited)
    assert came.retry_after is not None
    assert seconds - 1.5 <= came.retry_after <= seconds


@pytest.mark.parametrize("fault", ["rate_nonsense", "rate_bare"])
def test_a_wait_that_is_not_told_is_none(simulator: Simulator, fault: str) -> None:
    came = _asked(simulator, OPENAI, fault)
    assert isinstance(came, RateLimited)
    assert came.retry_after is None


def test_a_port_that_refuses_is_a_provider_that_is_down(simulator: Simulator) -> None:
    """Nothing arrives, and nothing is in the log; then it is there again."""
    came = _asked(simulator, OPENAI, "refused")
    assert isinstance(came, ProviderDown)
    assert list(simulator.log) == []
    assert isinstance(_asked(simulator, OPENAI, "ok"), Reply)


def test_one_key_is_revoked_and_another_is_not(simulator: Simulator) -> None:
    simulator.play("error_401@sk-revoked")
    with pytest.raises(CredentialRefused):
        _ask(simulator, a_question(), key="sk-revoked")
    assert _ask(simulator, a_question(), key="sk-valid").text


@pytest.mark.parametrize("model", ROUTES)
def test_what_is_billed_is_what_the_answer_says(simulator: Simulator, model: str) -> None:
    """So that a bill can be checked against the log alone."""
    came = _asked(simulator, model, "ok")
    assert isinstance(came, Reply)
    until(lambda: len(simulator.log) == 1)
    [record] = simulator.log
    billed = (record.input_tokens, record.cached_tokens, record.output_tokens)
    usage = came.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == billed
    assert billed > (0, 0, 0)


@pytest.mark.parametrize("model", ROUTES)
def test_a_limit_lets_so_many_through(simulator: Simulator, model: str) -> None:
    """Of one key; the wait that is told is the one that helps."""
    simulator.play("limit_2")
    key = f"sk-limited-{model}"
    for _ in range(2):
        _ask(simulator, a_question(model), key=key)
    with pytest.raises(RateLimited) as raised:
        _ask(simulator, a_question(model), key=key)
    assert 50 < (raised.value.retry_after or 0) <= 60
    assert _ask(simulator, a_question(model), key=f"{key}-another").text
