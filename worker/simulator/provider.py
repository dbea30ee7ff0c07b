"""One provider on a port of its own: plays its profile, and logs what it played."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from tasks.ports.clock import Clock
from worker.simulator.answer import Answer, Outcome, answering
from worker.simulator.catalogue import fault
from worker.simulator.draws import drawn
from worker.simulator.latency import Latency
from worker.simulator.limit import Limit
from worker.simulator.log import Log, Record
from worker.simulator.model import Model, digest
from worker.simulator.profile import Mix, Profile
from worker.simulator.request import Request
from worker.simulator.routes import hashed, key_of
from worker.simulator.server import Server
from worker.simulator.turn import Turn

CONTROL = "/simulator"
Control = Callable[["Provider", Request], Answer]
NO_QUESTION = answering(
    {"error": {"message": "No such path, or no question.", "type": "invalid_request_error"}},
    status=404,
)
OK_STATUS = 200
AT_ONCE = Latency()


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """A request that is under way."""

    n: int
    at: float
    began: float  # monotonic
    fault: str
    key: str
    turn: Turn | None


class Provider(Server):
    """Answers as its profile says."""

    def __init__(
        self,
        name: str,
        *,
        model: Model,
        log: Log,
        seed: int,
        latency: Latency,
        clock: Clock,
        control: Control,
    ) -> None:
        super().__init__()
        self.name = name
        self.asked = 0
        self.faults = Counter[str]()
        self.statuses = Counter[str]()
        self._model = model
        self._log = log
        self._seed = seed
        self._latency = latency
        self._clock = clock
        self._control = control
        self._limit = Limit()
        self._under_way: dict[Request, Played] = {}
        self._profile = (Profile.parse("ok"), clock.monotonic())
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._doorkeeper: asyncio.Task[None] | None = None

    @property
    def profile(self) -> Profile:
        """What it plays."""
        return self._profile[0]

    @property
    def seconds(self) -> float:
        """How long it has played that."""
        return self._clock.monotonic() - self._profile[1]

    @property
    def in_flight(self) -> int:
        """Requests that are not over."""
        return len(self._under_way)

    def set_profile(self, profile: Profile) -> None:
        """From here on, its schedule from the start. From any thread."""
        self._profile = (profile, self._clock.monotonic())
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._changed.set)

    async def mind(self) -> None:
        """Opens or closes the port, as the profile has it now."""
        await self.refuse(refuses=self._mix().refuses)

    def state(self) -> dict[str, object]:
        """How it stands."""
        return {
            "provider": self.name,
            "url": self.url,
            "profile": str(self.profile),
            "playing": str(self._mix()),
            "seconds": round(self.seconds, 3),
            "requests": self.asked,
            "in_flight": self.in_flight,
            "faults": dict(self.faults),
            "statuses": dict(self.statuses),
        }

    def forget(self) -> None:
        """Counts anew; requests are numbered on."""
        self.faults.clear()
        self.statuses.clear()

    async def listen(self, port: int = 0, host: str = "127.0.0.1") -> None:
        await super().listen(port, host)
        self._loop = asyncio.get_running_loop()
        self.set_profile(self.profile)
        await self.mind()
        self._doorkeeper = asyncio.create_task(self._keep_the_door())

    async def close(self) -> None:
        if self._doorkeeper is not None:
            self._doorkeeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._doorkeeper
        await super().close()

    def answer(self, request: Request) -> Answer:
        if request.path.startswith(CONTROL):
            return self._control(self, request)
        self.asked += 1
        key = key_of(request)
        turn = self._model.turn(request)
        name, answer = self.plays(turn, hashed(key) if key else "")
        self._under_way[request] = Played(
            n=self.asked,
            at=self._clock.now(),
            began=self._clock.monotonic(),
            fault=name,
            key=hashed(key) if key else "",
            turn=turn,
        )
        return answer

    def ended(self, request: Request, answer: Answer, outcome: Outcome) -> None:
        played = self._under_way.get(request)
        if played is None:  # it was about the simulator itself
            return
        turn = played.turn
        status = None if answer.end in ("hang", "reset") else answer.status
        self.faults[played.fault] += 1
        self.statuses[str(status or "none")] += 1
        self._log.add(
            Record(
                line=self._log.next_line(),
                n=played.n,
                provider=self.name,
                at=round(played.at, 6),
                path=request.path,
                model=turn.asked.model if turn else "",
                key=played.key,
                body=turn.digest if turn else digest(request.raw),
                fault=played.fault,
                status=status,
                input_tokens=answer.billed.input_tokens,
                cached_tokens=answer.billed.cached_tokens,
                output_tokens=answer.billed.output_tokens,
                seconds=round(self._clock.monotonic() - played.began, 6),
                outcome=outcome,
                ticket=turn.ticket if turn else None,
            )
        )
        del self._under_way[request]  # who sees none under way finds all in the log

    def plays(self, turn: Turn | None, key: str) -> tuple[str, Answer]:
        """The name in the log, and the answer: as the profile has it."""
        if turn is None:
            return "no_question", NO_QUESTION
        mix = self._mix()
        if mix.per_minute and (
            wait := self._limit.wait(key, mix.per_minute, self._clock.monotonic())
        ):
            limited = fault(f"rate_{wait}")
            assert limited is not None  # noqa: S101 - every number is one of its family
            return "limited", limited.play(turn)
        if not mix.parts:
            return "ok", self.timed(turn.good)
        found = mix.draw(drawn(self._seed, self.name, self.asked), key)
        return found.name, self.timed(found.play(turn))

    def timed(self, answer: Answer) -> Answer:
        """What a model says takes its time; what refuses comes at once."""
        if answer.status != OK_STATUS or self._latency == AT_ONCE:
            return answer
        seconds = self._latency.seconds(drawn(self._seed, self.name, self.asked, "latency"))
        return (
            replace(answer, latency_seconds=answer.latency_seconds + seconds) if seconds else answer
        )

    def _mix(self) -> Mix:
        return self.profile.at(self.seconds)

    async def _keep_the_door(self) -> None:
        """Opens and closes it when the schedule says so."""
        while True:
            self._changed.clear()
            await self.mind()
            wait = self.profile.changes_in(self.seconds)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), wait)
