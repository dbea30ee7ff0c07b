"""A worker that stood still says nothing of a provider that may have answered meanwhile."""

import asyncio
import time
from collections.abc import Iterator

import pytest

from tasks.errors import ProviderDown
from tests.acceptance.asking import MODELS, a_question, warm_server, with_gateway
from tests.stubs.openai_server import OpenAIServer
from worker.models.gateway import LitellmGateway
from worker.simulator.answer import Answer

TIMEOUT = 0.5


@pytest.fixture(scope="module")
def stub() -> Iterator[OpenAIServer]:
    with warm_server() as found:
        found.usual = Answer(end="hang")
        yield found


def _failed(stub: OpenAIServer, model: str, *, stands_still: float) -> ProviderDown:
    """What came of a question that nobody answers, of a loop that nothing moves meanwhile."""

    async def use(gateway: LitellmGateway) -> ProviderDown:
        if stands_still:
            asyncio.get_running_loop().call_later(TIMEOUT / 2, time.sleep, stands_still)
        with pytest.raises(ProviderDown) as raised:
            await gateway.ask(a_question(model, timeout_seconds=TIMEOUT))
        return raised.value

    return with_gateway(stub, use)


@pytest.mark.parametrize("model", MODELS)
def test_whose_time_was_up_meanwhile_has_not_failed(stub: OpenAIServer, model: str) -> None:
    assert _failed(stub, model, stands_still=TIMEOUT + 3.0).overslept


@pytest.mark.parametrize("model", MODELS)
def test_who_hangs_before_a_worker_that_is_awake_has(stub: OpenAIServer, model: str) -> None:
    assert not _failed(stub, model, stands_still=0.0).overslept
