"""The local model behind the models port: asked as every other, at once or many at a time."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tasks.ports.model import Plain, Question, Reply
from tests.twins.clock import StillClock
from tests.unit.worker.models.lessons import STOLEN, taught
from worker.models.baseline.answer import answer
from worker.models.baseline.provider import LocalBaseline

PLAIN = Plain(text=STOLEN, priorities={"card_payment": 3, "transfer": 2, "security": 1, "other": 4})
QUESTION = Question(
    model="local/baseline",
    messages=(),
    schema_name="classify",
    schema={},
    max_output_tokens=100,
    timeout_seconds=5,
    plain=PLAIN,
)


@pytest.fixture
def local() -> Iterator[LocalBaseline]:
    provider = LocalBaseline(taught(), {}, clock=StillClock())
    yield provider
    asyncio.run(provider.aclose())


def _expect_the_answer(reply: Reply) -> None:
    text, signals = answer(PLAIN, taught(), {})
    assert (reply.text, reply.finish_reason, reply.refusal) == (text, "stop", None)
    assert reply.signals == signals
    assert reply.model_asked == reply.model_answered == "local/baseline"
    assert reply.usage.input_tokens == len(STOLEN.split())
    assert reply.usage.output_tokens == len(text.split())


def test_many_are_answered_at_once(local: LocalBaseline) -> None:
    async def many() -> list[Reply]:
        return await asyncio.gather(*(local.ask(QUESTION) for _ in range(20)))

    for reply in asyncio.run(many()):
        _expect_the_answer(reply)


def test_a_bug_stays_a_bug(local: LocalBaseline) -> None:
    """There is no provider that could be down."""
    lacking = replace(QUESTION, plain=replace(PLAIN, priorities={}))
    with pytest.raises(KeyError):
        asyncio.run(local.ask(lacking))


def test_litellm_is_not_imported_for_it() -> None:
    """Whoever asks the local model alone is spared 4 s and 150 MB."""
    script = "import sys, worker.crew, worker.models.local; print('litellm' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert said.stdout == b"False\n"
