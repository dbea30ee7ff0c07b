"""Serves the local model through litellm, as `local/baseline`.

The caller registers it: `litellm.custom_provider_map = [{"provider": "local", "custom_handler":
LocalBaseline(...)}]`, and asks with `plain=` beside the messages. litellm 1.106.2 hands on what it
does not know in `optional_params`, and gives back the response object that it got.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Final

from litellm.llms.custom_llm import CustomLLM, CustomLLMError
from litellm.types.utils import Choices, Message, ModelResponse, Usage

from tasks.ports.model import Plain
from worker.models.baseline.answer import Criteria, answer
from worker.models.baseline.model import Baseline

Parameters = Mapping[str, object]

NAME: Final = "local/baseline"
SIGNALS: Final = "signals"
"""Key in the message's `provider_specific_fields`; holds the fields of Signals as a dictionary."""

THREADS = 2
"""An answer is a millisecond of pure computing: more threads would only wait for each other."""


class LocalBaseline(CustomLLM):  # type: ignore[misc]  # litellm's types are not followed
    """Answers with the local model. Words count as tokens; it costs nothing."""

    def __init__(self, baseline: Baseline, criteria: Criteria, *, least_words: int = 4) -> None:
        super().__init__()
        self.baseline = baseline
        self.criteria = criteria
        self._least_words = least_words
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="baseline")

    # litellm calls both with keywords only, and with more of them in each release.

    def completion(
        self, *, optional_params: Parameters, model_response: ModelResponse, **_: object
    ) -> ModelResponse:
        """One answer. Raises CustomLLMError (400) when there is no `plain` in the request."""
        return self._respond(optional_params, model_response)

    async def acompletion(
        self, *, optional_params: Parameters, model_response: ModelResponse, **_: object
    ) -> ModelResponse:
        """As `completion`, computed on a thread of this provider's own."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._pool, self._respond, optional_params, model_response
        )

    def close(self) -> None:
        """Ends the threads once they have answered."""
        self._pool.shutdown()

    def _respond(self, parameters: Parameters, response: ModelResponse) -> ModelResponse:
        plain = parameters.get("plain")
        if not isinstance(plain, Plain):
            raise CustomLLMError(status_code=400, message=f"{NAME} needs plain= in the request")
        text, signals = answer(plain, self.baseline, self.criteria, least_words=self._least_words)
        message = Message(
            role="assistant", content=text, provider_specific_fields={SIGNALS: asdict(signals)}
        )
        response.choices = [Choices(index=0, finish_reason="stop", message=message)]
        response.model = NAME
        asked, said = len(plain.text.split()), len(text.split())
        response.usage = Usage(
            prompt_tokens=asked, completion_tokens=said, total_tokens=asked + said
        )
        response._hidden_params["response_cost"] = 0.0  # noqa: SLF001 - where litellm looks for it
        return response
