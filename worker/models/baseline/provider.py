"""Serves the local model as `local/baseline`: off the event loop, without a network or a price."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tasks.ports.clock import Clock
from tasks.ports.model import Question, Reply, Usage, nobody_minds
from worker.models.baseline.answer import Criteria, answer
from worker.models.baseline.model import Baseline

THREADS = 2
"""An answer is a millisecond of pure computing: more threads would only wait for each other."""


class LocalBaseline:
    """Implements Models with the local model; it reads the plain question and not the prompt.

    Not through litellm, though that could serve it: a process that asks nobody else would import
    it all the same, which is 4 s of CPU time and 150 MB, and each call would cost as much again
    as the answer.
    """

    def __init__(
        self, baseline: Baseline, criteria: Criteria, *, clock: Clock, least_words: int = 4
    ) -> None:
        self._baseline = baseline
        self._criteria = criteria
        self._clock = clock
        self._least_words = least_words
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="baseline")

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        look()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._reply, question)

    async def aclose(self) -> None:
        """Ends the threads; what was asked before is answered."""
        self._pool.shutdown(wait=False)

    def _reply(self, question: Question) -> Reply:
        began, plain = self._clock.monotonic(), question.plain
        text, signals = answer(plain, self._baseline, self._criteria, least_words=self._least_words)
        return Reply(
            text=text,
            model_asked=question.model,
            model_answered=question.model,
            # Words stand for tokens: it has none.
            usage=Usage(input_tokens=len(plain.text.split()), output_tokens=len(text.split())),
            finish_reason="stop",
            latency_seconds=self._clock.monotonic() - began,
            signals=signals,
        )
