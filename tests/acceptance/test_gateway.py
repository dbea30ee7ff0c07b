"""One question is one request, over real HTTP on loopback, however the provider misbehaves."""

import asyncio
import json
import traceback
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from random import Random
from time import monotonic

import pytest

from tasks.errors import (
    BreakerOpen,
    ContextTooLong,
    CredentialRefused,
    ProviderDown,
    QuotaGone,
    RateLimited,
    Rejected,
    TriageError,
    UnknownModel,
)
from tests.acceptance.asking import (
    AZURE,
    GEMINI,
    KEY,
    MODELS,
    OPENAI,
    SCHEMA,
    TEXT,
    a_question,
    a_success,
    ask,
    warm_server,
    with_gateway,
)
from tests.stubs.openai_server import OpenAIServer, a_completion
from worker.models.gateway import LitellmGateway, quantised
from worker.models.way import proxy_for
from worker.simulator.answer import Answer, answering

ECHO = json.dumps(
    {"error": {"message": f"{TEXT} {KEY}", "type": "bad_thing", "param": TEXT, "code": KEY}}
).encode()
"""A provider that quotes everything back at us."""

FAILURES: tuple[tuple[Answer, type[TriageError]], ...] = (
    (Answer(status=500, body=ECHO), ProviderDown),
    (Answer(status=503, body=b"<html>down</html>", content_type="text/html"), ProviderDown),
    (Answer(status=529, body=ECHO), ProviderDown),
    (Answer(status=408, body=ECHO), ProviderDown),
    (Answer(status=429, body=ECHO), RateLimited),
    (Answer(status=401, body=ECHO), CredentialRefused),
    (Answer(status=403, body=ECHO), CredentialRefused),
    (Answer(status=404, body=ECHO), UnknownModel),
    (Answer(status=400, body=ECHO), Rejected),
    (Answer(status=422, body=ECHO), Rejected),
    (Answer(status=413, body=ECHO), ContextTooLong),
    (Answer(status=307, headers={"location": "/v1/elsewhere"}), UnknownModel),
    (answering({"error": {"code": "insufficient_quota"}}, status=429), QuotaGone),
    (Answer(end="reset"), ProviderDown),
)


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with warm_server() as stub:
        yield stub


@pytest.fixture
def stub(server: OpenAIServer) -> OpenAIServer:
    server.forget()
    return server


@pytest.mark.parametrize("model", MODELS)
def test_a_question_is_one_request(stub: OpenAIServer, model: str) -> None:
    """Where all is well, whoever the provider is."""
    stub.script(answering(a_success(model)))
    assert ask(stub, a_question(model)).text
    assert len(stub.requests) == 1


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("answer", "expected"), FAILURES)
def test_a_failure_is_one_request_and_quotes_nothing(
    stub: OpenAIServer, model: str, answer: Answer, expected: type[TriageError]
) -> None:
    """Nothing is sent again or elsewhere; neither key nor ticket are in what is raised."""
    stub.usual = answer
    with pytest.raises(expected) as raised:
        ask(stub, a_question(model))
    assert type(raised.value) is expected
    assert raised.value.unbilled is (answer.end != "reset"), "whoever says no sends no bill"
    assert len(stub.requests) == 1
    told = "".join(traceback.format_exception(raised.value))
    assert "SECRET" not in told
    assert "SECRET" not in repr(raised.value.__context__)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("drip", [None, 0.2])
def test_a_provider_that_hangs_is_given_up_in_time(
    stub: OpenAIServer, model: str, drip: float | None
) -> None:
    """Whether nothing comes or a byte now and then: the timeout is for all of the answer."""
    stub.usual = Answer(body=b" " * 100, drip_seconds=drip, end="keep" if drip else "hang")
    began = monotonic()
    with pytest.raises(ProviderDown) as raised:
        ask(stub, a_question(model, timeout_seconds=0.5))
    assert not raised.value.unbilled, "it may have answered"
    assert 0.5 <= monotonic() - began < 4, "to the moment, though litellm hears of a whole second"
    assert len(stub.requests) == 1


@pytest.mark.alone
@pytest.mark.parametrize("model", [OPENAI, AZURE, GEMINI])
def test_a_question_that_comes_late_is_waited_for_until_its_time_is_up(
    stub: OpenAIServer, model: str
) -> None:
    """What the guards, money and the library took is a part of its timeout."""
    stub.script(answering(a_success(model)))
    ask(stub, a_question(model))  # what is imported for it takes its time
    stub.usual = Answer(end="hang")
    began = monotonic()
    with pytest.raises(ProviderDown) as raised:
        ask(stub, replace(a_question(model, timeout_seconds=4.0), until=began + 2.0))
    assert 2.0 <= monotonic() - began < 3.8
    assert not raised.value.overslept, "it is the provider's fault as ever"


@pytest.mark.parametrize("model", MODELS)
def test_what_is_held_back_at_the_last_moment_is_not_sent(stub: OpenAIServer, model: str) -> None:
    """The guard's own words come out, with nothing of litellm's; without any, one request goes."""
    stub.usual = answering(a_success(model))
    shut, looks = BreakerOpen("by now", dependency="openai", retry_after=5.0), []

    def look() -> None:
        looks.append(len(stub.requests))
        if len(looks) > 1:
            raise shut

    async def twice(gateway: LitellmGateway) -> None:
        await gateway.ask(a_question(model), look)
        await gateway.ask(a_question(model), look)

    with pytest.raises(BreakerOpen) as raised:
        with_gateway(stub, twice)
    assert raised.value is shut
    assert looks == [0, 1], "once for each, before it"
    assert len(stub.requests) == 1
    assert "SECRET" not in "".join(traceback.format_exception(raised.value))


def test_a_provider_that_is_not_there_is_down(stub: OpenAIServer) -> None:
    """A refused connection is no bug of ours."""
    nowhere = OpenAIServer()
    nowhere.url = "http://127.0.0.1:9/v1"
    down = r"^openai/gpt-5-mini: no connection to 127\.0\.0\.1:9 \(ConnectionRefusedError\)$"
    with pytest.raises(ProviderDown, match=down) as raised:
        ask(nowhere, a_question())
    assert raised.value.unbilled
    assert stub.requests == []


def test_a_provider_that_litellm_does_not_know_is_misconfigured(stub: OpenAIServer) -> None:
    """No ticket is buried for a misspelt name."""
    with pytest.raises(UnknownModel, match=r"^nobody/nothing: litellm says \w+ \(400\)$"):
        ask(stub, a_question("nobody/nothing"))
    assert stub.requests == []


@pytest.mark.parametrize("model", MODELS)
def test_waiting_as_told_is_passed_on(stub: OpenAIServer, model: str) -> None:
    """Litellm hides the header from some of its errors; the wire does not."""
    stub.script(Answer(status=429, headers={"Retry-After": "7"}))
    with pytest.raises(RateLimited) as raised:
        ask(stub, a_question(model))
    assert raised.value.retry_after == 7.0


def test_nothing_is_logged_or_printed(
    stub: OpenAIServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A prompt in a log is a leak."""
    caplog.set_level("DEBUG")
    stub.script(answering(a_completion()), Answer(status=400, body=ECHO), Answer(body=ECHO))

    async def thrice(gateway: LitellmGateway) -> None:
        for _ in range(3):
            try:
                await gateway.ask(a_question())
            except Rejected:
                continue

    with_gateway(stub, thrice)
    assert len(stub.requests) == 3
    assert "SECRET" not in caplog.text
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize(("model", "questions"), [(OPENAI, 1_000), (AZURE, 200)])
def test_connections_are_used_again(stub: OpenAIServer, model: str, questions: int) -> None:
    """As many connections as questions at once, however much their timeouts differ."""
    stub.usual = answering(a_success(model))
    chance = Random(7)

    async def many(gateway: LitellmGateway) -> None:
        async def one_after_another() -> None:
            for _ in range(questions // 20):
                await gateway.ask(a_question(model, timeout_seconds=chance.uniform(5, 60)))

        await asyncio.gather(*(one_after_another() for _ in range(20)))

    with_gateway(stub, many)
    assert len(stub.requests) == questions
    assert stub.connections_opened <= 20


def test_closing_closes_every_connection(stub: OpenAIServer) -> None:
    """And the next gateway of this process starts afresh."""
    stub.usual = answering(a_completion())
    ask(stub, a_question())
    ask(stub, a_question())
    assert stub.wait_until_left()


def test_a_cancelled_question_is_cancelled_and_hangs_up(stub: OpenAIServer) -> None:
    """Cancelling is no failure; the provider need not go on answering."""
    stub.usual = Answer(end="hang")

    async def cancel(gateway: LitellmGateway) -> None:
        asking = asyncio.create_task(gateway.ask(a_question()))
        await asyncio.to_thread(stub.wait_until_asked)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert stub.wait_until_left()

    with_gateway(stub, cancel)


@pytest.mark.parametrize("model", MODELS)
def test_the_schema_is_left_as_it_was(stub: OpenAIServer, model: str) -> None:
    """Litellm rewrites it for some providers; the next question needs it whole."""
    before = deepcopy(SCHEMA)
    stub.script(answering(a_success(model)))
    ask(stub, a_question(model))
    assert before == SCHEMA


def test_a_key_of_another_provider_is_not_sent(
    stub: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that needs no key is not shown OpenAI's, which litellm would find by itself."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    ask(stub, a_question(), key="")
    assert stub.requests[0].headers["authorization"] == "Bearer none"


@pytest.mark.parametrize("model", MODELS)
def test_a_proxy_is_used_where_one_is_named(stub: OpenAIServer, model: str) -> None:
    """It gets the request with the whole address in its first line."""
    stub.usual = answering(a_success(model))
    far = OpenAIServer()
    far.url = "http://provider.test/v1"
    proxies = {"http": stub.url.removesuffix("/v1"), "no": "elsewhere.test"}
    with_gateway(far, lambda gateway: gateway.ask(a_question(model)), proxies=proxies)
    assert stub.requests[0].target.startswith("http://provider.test/")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.openai.com/v1", "http://proxy:3128"),
        ("http://api.openai.com/v1", None),
        ("https://models.intern.test:8443/v1", None),
        ("https://127.0.0.1/v1", None),
    ],
)
def test_who_needs_no_proxy_is_asked_without(url: str, expected: str | None) -> None:
    """As everywhere: NO_PROXY names hosts and the ends of hosts."""
    proxies = {"https": "proxy:3128", "no": ".intern.test,127.0.0.1"}
    assert proxy_for(url, proxies) == expected


@pytest.mark.parametrize(
    ("asked", "used"), [(0.2, 1), (1, 1), (5.1, 10), (30, 30), (31, 60), (60, 60), (61, 120)]
)
def test_the_timeout_that_litellm_hears_of_is_one_of_a_few(asked: float, used: float) -> None:
    """Never shorter: a model may take as long as config grants it."""
    assert quantised(asked) == used
