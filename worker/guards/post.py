"""Carries what the guards ask of Redis: off the event loop, in one thread, many at a time.

What Redis holds for them may be forgotten, so nothing here is tried twice: a question that is not
answered in time was asked in vain, and whoever asked goes on alone.
"""

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import cast

from redis import Redis
from redis.exceptions import NoScriptError, ResponseError

from tasks.ports.clock import Clock
from worker.broker.errors import BrokerDown
from worker.telemetry.log import Log

CONNECT_SECONDS = 0.3
ANSWER_SECONDS = 0.3
ROUND_SECONDS = 0.5
AT_ONCE = 64
"""Questions in one round trip; a script takes some 30 microseconds of Redis' only thread."""

FOLDER = Path(__file__).with_name("lua")


class Script(Enum):
    """What Redis can be asked; each is atomic over the fleet."""

    LIMIT_TAKE = "limit_take"
    LIMIT_SETTLE = "limit_settle"
    LIMIT_CLOSE = "limit_close"
    LIMIT_ROUND = "limit_round"
    RETRY_TAKE = "retry_take"

    @property
    def text(self) -> str:
        """Its Lua."""
        return (FOLDER / f"{self.value}.lua").read_text()


Argument = str | int | float
Heard = Callable[[Sequence[object] | None], None]
"""Told what Redis answered; None: nothing. Called in the post's thread."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One question."""

    script: Script
    keys: Sequence[str]
    args: Sequence[Argument]
    heard: Heard = lambda _answer: None


class Post:
    """The guards' way to Redis.

    Promise: nobody waits for longer than a second, and once Redis has not answered nobody waits at
    all, until a round has got through to it. Whoever asks is answered. Thread-safe.
    """

    def __init__(self, redis: Redis, *, clock: Clock, log: Log, every: float) -> None:
        """`redis` answers in text and tries once; `every` is seconds between two rounds."""
        self._redis = redis
        self._clock = clock
        self._log = log
        self._every = every
        self._letters: deque[Letter] = deque()
        self._rounds: list[Callable[[], Iterable[Letter]]] = []
        self._hashes: dict[Script, str] = {}
        self._away = False
        self._woken = threading.Event()
        self._stopped = False
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def away(self) -> bool:
        """Whether Redis did not answer when it was last asked."""
        return self._away

    @property
    def idle(self) -> bool:
        """Whether it has never had anything to do."""
        return self._thread is None

    def on_round(self, letters: Callable[[], Iterable[Letter]]) -> None:
        """Has these sent in each round, as long as somebody starts this post."""
        self._rounds.append(letters)

    def start(self) -> None:
        """Begins to make rounds. May be called again."""
        with self._changing:
            self._begin()

    def _begin(self) -> bool:
        """Whether somebody is there to send; for whoever has the lock."""
        if self._thread is None and not self._stopped:
            self._thread = threading.Thread(target=self._work, name="guards", daemon=True)
            self._thread.start()
        return not self._stopped

    def stop(self) -> None:
        """Sends what is left, makes a last round and ends; nobody is answered any more."""
        with self._changing:
            self._stopped = True
        self._woken.set()
        if self._thread:
            self._thread.join()
        self._redis.close()

    def send(self, letter: Letter) -> None:
        """Sends it at once; whoever wants to know is told in another thread."""
        with self._changing:  # what comes while it stops is sent before it ends, or not taken
            taken = self._begin()
            if taken:
                self._letters.append(letter)
        if taken:
            self._woken.set()
        else:
            self._tell(letter, None)

    async def ask(
        self, script: Script, keys: Sequence[str], args: Sequence[Argument]
    ) -> Sequence[object]:
        """What Redis answers. Raises BrokerDown where it does not, or refuses."""
        if self._away:
            raise BrokerDown("Redis did not answer lately")
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Sequence[object] | None] = loop.create_future()

        def settle(answer: Sequence[object] | None) -> None:
            if not answered.done():
                answered.set_result(answer)

        def heard(answer: Sequence[object] | None) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(settle, answer)

        self.send(Letter(script=script, keys=keys, args=args, heard=heard))
        answer = await answered
        if answer is None:
            raise BrokerDown("Redis does not answer")
        return answer

    def _work(self) -> None:
        due = self._clock.monotonic()
        while not self._stopped:
            self._woken.wait(max(0.0, due - self._clock.monotonic()))
            self._woken.clear()
            self._empty()
            if self._clock.monotonic() >= due:
                due = self._clock.monotonic() + self._every
                self._make_round()
        self._empty()
        self._make_round()

    def _empty(self) -> None:
        """Delivers all that lies there."""
        while self._letters:
            some = [self._letters.popleft() for _ in range(min(AT_ONCE, len(self._letters)))]
            if self._away:
                self._lose(some)
            else:
                self._deliver(some)

    def _make_round(self) -> None:
        letters = [letter for round_ in self._rounds for letter in self._of_round(round_)]
        for first in range(0, len(letters), AT_ONCE):
            self._deliver(letters[first : first + AT_ONCE])

    def _of_round(self, letters: Callable[[], Iterable[Letter]]) -> list[Letter]:
        try:
            return list(letters())
        except Exception as error:  # noqa: BLE001 - a bug there must not end the post
            self._log.error("guards.bug", error=type(error).__name__, what=str(error)[:200])
            return []

    def _deliver(self, letters: Sequence[Letter]) -> None:
        try:
            answers = self._answers(letters)
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever asks is answered
            self._find_away(error)
            self._lose(letters)
            return
        if self._away:
            self._away = False
            self._log.info("guards.redis_back")
        for letter, answer in zip(letters, answers, strict=True):
            self._tell(letter, answer)

    def _answers(self, letters: Sequence[Letter]) -> list[Sequence[object] | None]:
        """Each answer, None for a script that failed. Raises RedisError."""
        answers = self._said(letters)
        unknown = [place for place, answer in enumerate(answers) if _is_unknown(answer)]
        if unknown:  # a Redis that has started anew has done nothing of these
            self._hashes.clear()
            again = self._said([letters[place] for place in unknown])
            for place, answer in zip(unknown, again, strict=True):
                answers[place] = answer
        return [self._sound(answer) for answer in answers]

    def _said(self, letters: Sequence[Letter]) -> list[object]:
        for script in {letter.script for letter in letters} - set(self._hashes):
            self._hashes[script] = self._redis.script_load(script.text)
        with self._redis.pipeline(transaction=False) as pipe:
            for letter in letters:
                hash_ = self._hashes[letter.script]
                pipe.evalsha(hash_, len(letter.keys), *letter.keys, *letter.args)
            return cast("list[object]", pipe.execute(raise_on_error=False))

    def _sound(self, answer: object) -> Sequence[object] | None:
        """What a script answered. Raises what is no answer of a script."""
        match answer:
            case ResponseError():  # out of memory, a replica, a key of somebody else's
                self._log.warning("guards.redis_refused", what=str(answer)[:200])
                return None
            case Exception():
                raise answer
            case list():
                return answer
            case _:
                return (answer,)

    def _find_away(self, error: Exception) -> None:
        if not self._away:
            self._away = True
            self._log.warning("guards.redis_away", error=type(error).__name__)

    def _lose(self, letters: Iterable[Letter]) -> None:
        for letter in letters:
            self._tell(letter, None)

    def _tell(self, letter: Letter, answer: Sequence[object] | None) -> None:
        try:
            letter.heard(answer)
        except Exception as error:  # noqa: BLE001 - a bug there must not end the post
            self._log.error("guards.bug", error=type(error).__name__, what=str(error)[:200])


def _is_unknown(answer: object) -> bool:
    return isinstance(answer, NoScriptError)
