"""A model provider that says what a test scripts, answer by answer, on the simulator's server.

In a test: `with openai_server() as stub: stub.script(Answer(status=500))`. What plays faults by
their names, and keeps a log, is the simulator itself: worker/simulator/simulator.py.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tasks.ports.model import Usage
from worker.simulator.answer import Answer, answering
from worker.simulator.dialect import Asked, Said
from worker.simulator.request import Request
from worker.simulator.routes import OPENAI
from worker.simulator.running import running
from worker.simulator.server import Server

VERDICT = '{"issue_type":"card","priority":3,"escalate":false,"reason":"wants a new card"}'
USAGE = Usage(input_tokens=900, output_tokens=40, cached_tokens=768)
ASKED = Asked(model="gpt-5-mini", rules="", question="", more=0, schema=None)


def a_completion(text: str | None = VERDICT, **changed: object) -> dict[str, object]:
    """A chat completion in OpenAI's shape; `changed` replaces top-level fields."""
    said = Said(id="1", model="gpt-5-mini-2025-08-07", text=text, usage=USAGE)
    return {**OPENAI.completion(said, ASKED), **changed}


USUAL = answering(a_completion())


class OpenAIServer(Server):
    """Plays the scripted answers in order, then `usual` for ever; keeps a log of what arrived."""

    def __init__(self, usual: Answer = USUAL) -> None:
        super().__init__()
        self.usual = usual
        self.requests: list[Request] = []
        self._script: deque[Answer] = deque()

    def script(self, *answers: Answer) -> None:
        """Add answers to those that are still to be played."""
        self._script.extend(answers)

    def forget(self) -> None:
        """Start anew: no log, no script, the usual answer."""
        self.usual = USUAL
        self._script.clear()
        self.requests.clear()
        self.connections_opened = 0

    def wait_until_asked(self) -> bool:
        """Whether a request has arrived, within 5 s. From another thread."""
        return _wait_until(lambda: bool(self.requests))

    def wait_until_left(self) -> bool:
        """Whether every connection is gone, within 5 s. From another thread."""
        return _wait_until(lambda: not self.transports)

    def next_answer(self) -> Answer:
        """The answer that is due."""
        return self._script.popleft() if self._script else self.usual

    def answer(self, request: Request) -> Answer:
        """The answer that is due, to a request that is in the log already."""
        self.requests.append(request)
        return self.next_answer()


def _wait_until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 5
    while not (found := true()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


@contextmanager
def openai_server(
    usual: Answer = USUAL, *, stub: OpenAIServer | None = None
) -> Iterator[OpenAIServer]:
    """A server (`stub`, where it is one of your own) on a thread and a loop of its own.

    All its connections end with it.
    """
    with running(stub or OpenAIServer(usual)) as served:
        yield served
