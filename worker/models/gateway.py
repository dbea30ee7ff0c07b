"""The gateway to every hosted model: the one place that calls litellm, once for each question."""

import asyncio
import math
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from tasks.errors import TriageError
from tasks.ports.clock import Clock
from tasks.ports.model import Question, Reply, nobody_minds
from worker.models.exchange import CURRENT, Exchange
from worker.models.litellm_errors import Failure, LitellmFailed, classify
from worker.models.reply import ModelResponse, filtered, no_completion, read_reply
from worker.models.switches import Litellm, set_switches

if TYPE_CHECKING:
    from worker.models.transport import OneRequest

TIMEOUTS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
MINUTE = 60.0
GRACE_SECONDS = 1.5
"""Beyond the request's own timeout, for all that is not the request."""

AZURE = "azure"
NO_KEY = "none"
"""Sent where no key is needed: an empty one makes litellm look for OpenAI's in the environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """Where a model is asked, and with which key."""

    api_base: str | None  # None: the provider's own address
    api_key: str = field(repr=False)
    credential: str  # the name of the variable that holds the key
    logprobs: bool = False  # it gives the probabilities of its tokens, where it is asked for them


class LitellmGateway:
    """Implements Models over litellm. Any number of questions at once, all on one event loop.

    Making one imports litellm: seconds. `endpoints` has one for each model, by its name in config;
    `proxies` is what urllib.request.getproxies returns, where proxies are to be used.
    """

    def __init__(
        self,
        endpoints: Mapping[str, Endpoint],
        *,
        clock: Clock,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        import litellm  # noqa: PLC0415 - seconds, which only a process that asks models may spend

        from worker.models.silence import Silence  # noqa: PLC0415 - imports litellm
        from worker.models.transport import OneRequest  # noqa: PLC0415 - imports litellm

        set_switches(litellm)
        self._litellm: Litellm = litellm
        self._log = Silence
        self._connect = partial(OneRequest, proxies or {})
        self._client: OneRequest | None = None
        self._endpoints = endpoints
        self._clock = clock

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        exchange = Exchange(
            timeout_seconds=question.timeout_seconds, until=question.until, look=look
        )
        began = self._clock.monotonic()
        wait = exchange.left(began) + GRACE_SECONDS
        try:
            async with asyncio.timeout(wait):
                response = await self._complete(question, exchange)
        except Exception as error:
            took = self._clock.monotonic() - began
            if isinstance(error, TimeoutError):
                exchange.time_is_up(late=took - wait)
            failure = Failure.read(error, exchange)
            outcome = self._outcome(failure, question, exchange, took)
            if outcome is None:
                raise
        else:
            return read_reply(response, question, self._clock.monotonic() - began)
        if isinstance(outcome, Reply):
            return outcome
        # Outside of the except block: what litellm raised must not hang on to it as its context.
        raise outcome from LitellmFailed(f"{failure.raised}: {failure}")

    async def aclose(self) -> None:
        """Closes every connection. On the loop that the questions were asked on."""
        if self._client is not None:
            self._litellm.aclient_session = None
            self._litellm.in_memory_llm_clients_cache.flush_cache()
            await self._client.close()
            self._client = None

    async def _complete(self, question: Question, exchange: Exchange) -> ModelResponse:
        mark = CURRENT.set(exchange)
        try:
            return await self._litellm.acompletion(
                model=question.model,
                messages=[{"role": m.role, "content": m.content} for m in question.messages],
                timeout=quantised(exchange.timeout_seconds),
                num_retries=0,
                max_retries=0,
                litellm_logging_obj=self._log(),
                **self._particulars(question),
            )
        finally:
            CURRENT.reset(mark)

    def _particulars(self, question: Question) -> dict[str, object]:
        """What one provider is told and another is not."""
        endpoint = self._endpoints[question.model]
        client = self._opened()
        form = {
            "name": question.schema_name,
            "strict": True,
            "schema": deepcopy(question.schema),  # litellm rewrites it in place for some
        }
        return {
            "api_key": endpoint.api_key or NO_KEY,
            "api_base": endpoint.api_base,
            "max_tokens": question.max_output_tokens,
            "response_format": {"type": "json_schema", "json_schema": form},
            **({"logprobs": True} if endpoint.logprobs else {}),
            # Azure goes through OpenAI's SDK, over litellm.aclient_session: the same connections.
            "client": None if _provider(question) == AZURE else client,
        }

    def _opened(self) -> "OneRequest":
        if self._client is None:
            self._client = self._connect()
            self._litellm.aclient_session = self._client.client
        return self._client

    def _outcome(
        self, failure: Failure, question: Question, exchange: Exchange, latency_seconds: float
    ) -> Reply | TriageError | None:
        """The answer or the error that a failure is; None for a bug."""
        if exchange.held:
            return exchange.held
        if failure.filtered:
            return filtered(question, latency_seconds)
        if failure.answered:
            return no_completion(exchange.body, question, latency_seconds)
        endpoint = self._endpoints.get(question.model)
        return classify(
            failure,
            model=question.model,
            credential=endpoint.credential if endpoint else NO_KEY,
            now=self._clock.now(),
        )


def _provider(question: Question) -> str:
    return question.model.partition("/")[0]


def quantised(seconds: float) -> float:
    """Rounded up to one of a few timeouts: litellm keeps a client for each that it ever met."""
    return next(
        (step for step in TIMEOUTS if seconds <= step), MINUTE * math.ceil(seconds / MINUTE)
    )
