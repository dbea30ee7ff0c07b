"""litellm serves the local model: what is asked arrives, and the signals come back."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import litellm
import pytest
from litellm.types.utils import ModelResponse

from tasks.ports.model import Plain
from tests.unit.worker.models.lessons import STOLEN, taught
from worker.models.baseline.answer import answer
from worker.models.baseline.provider import NAME, SIGNALS, LocalBaseline

# pydantic about litellm's own types, when the first response is made.
pytestmark = pytest.mark.filterwarnings("ignore:Item 'summary' on TypedDict:UserWarning")

PLAIN = Plain(text=STOLEN, priorities={"card_payment": 3, "transfer": 2, "security": 1, "other": 4})
REQUEST: dict[str, Any] = {
    "model": NAME,
    "messages": [{"role": "user", "content": "a prompt that it does not read"}],
    "max_tokens": 100,
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}},
    "num_retries": 0,
    "max_retries": 0,
    "timeout": 5,
}


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalBaseline]:
    provider = LocalBaseline(taught(), {})
    monkeypatch.setattr(litellm, "suppress_debug_info", True)
    monkeypatch.setattr(
        litellm, "custom_provider_map", [{"provider": "local", "custom_handler": provider}]
    )
    yield provider
    provider.close()


def _expect_the_answer(response: ModelResponse) -> None:
    text, signals = answer(PLAIN, taught(), {})
    [choice] = response.choices
    assert (choice.message.content, choice.finish_reason) == (text, "stop")
    assert choice.message.provider_specific_fields[SIGNALS] == asdict(signals)
    assert response.model == NAME
    assert response.usage.prompt_tokens == len(STOLEN.split())
    assert response.usage.completion_tokens == len(text.split())
    cost = response._hidden_params["response_cost"]  # noqa: SLF001 - where litellm keeps it
    assert cost == 0.0


def test_a_thread_is_answered() -> None:
    """`plain` arrives though litellm knows nothing of it; signals, words and cost survive."""
    _expect_the_answer(litellm.completion(**REQUEST, plain=PLAIN))


def test_a_loop_is_answered() -> None:
    """As from a thread, many at once."""

    async def many() -> list[ModelResponse]:
        asked = (litellm.acompletion(**REQUEST, plain=PLAIN) for _ in range(20))
        return await asyncio.gather(*asked)

    for response in asyncio.run(many()):
        _expect_the_answer(response)


def test_a_request_without_plain_is_the_callers_fault() -> None:
    """400: nobody tries again what can never work."""
    with pytest.raises(Exception, match="needs plain=") as raised:
        litellm.completion(**REQUEST)
    assert getattr(raised.value, "status_code", None) == 400
