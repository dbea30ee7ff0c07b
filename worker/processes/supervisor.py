"""Keeps the fleet's children running: starts them, starts again what dies, and ends them all."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from tasks.ports.clock import Clock
from worker.processes.child import Child, Life
from worker.processes.signals import Signals

LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0  # a life this long was no failed start: the pauses begin anew
LOOK_SECONDS = 0.1  # between two looks at what tells nobody that it happened
KILL_SECONDS = 2.0  # the kernel's time to take away what was killed
FOUNDATION_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something that happened to a child."""

    child: str
    kind: Literal["started", "ready", "died", "ended", "killed"]
    pid: int | None  # None: it could not be started
    code: int | None = None  # how it ended; a negative number: by that signal
    again_in: float | None = None  # seconds until it is started again


def pause(deaths: int) -> float:
    """Seconds to wait after that many deaths in a row: 1, 2, 4, … 30."""
    return min(LONGEST_PAUSE, 2.0 ** (min(deaths, 10) - 1))


@dataclass(kw_only=True, slots=True, eq=False)
class _Watched:
    child: Child
    life: Life | None = None
    ready: bool = False
    deaths: int = 0  # in a row
    born_at: float = 0.0
    due_at: float = 0.0

    def has_ended(self) -> bool:
        return self.life is None or self.life.exit_code() is not None


class Supervisor:
    """Minds children from the main thread, within `Signals`.

    A child that dies is started again, each time after a longer pause, for as long as it takes.
    On Linux none outlives this process, not even when it is killed -9.
    """

    def __init__(
        self,
        children: Iterable[Child],
        *,
        logs: Path,
        clock: Clock,
        signals: Signals,
        report: Callable[[Notice], None],
    ) -> None:
        self._watched = [
            _Watched(child=child) for child in sorted(children, key=lambda c: not c.foundation)
        ]
        self._logs = logs
        self._clock = clock
        self._signals = signals
        self._report = report

    def run(self, *, until: Callable[[], bool] = lambda: False, every: float | None = None) -> None:
        """Minds the children until somebody asks this process to end, or `until` says so.

        `until` is asked whenever something happens, and at least `every` that many seconds.
        """
        while not self._signals.asked:
            pauses = [seconds for seconds in (self.tend(), every) if seconds is not None]
            if until():
                return
            self._signals.wait(min(pauses, default=None))

    def tend(self) -> float | None:
        """Does what is due now. Seconds until something else will be; None: only signals tell."""
        for watched in self._watched:
            self._bury(watched)
        for watched in self._watched:
            self._start(watched)
            self._greet(watched)
        return self._next()

    def is_ready(self) -> bool:
        """Whether every child runs and has said that it is ready."""
        return all(watched.life and watched.ready for watched in self._watched)

    def pids(self) -> dict[str, int]:
        """The processes that run, by the child's name."""
        return {w.child.name: w.life.pid for w in self._watched if w.life}

    def stop(self, grace: float) -> None:
        """Ends every child, and returns when none is left.

        All are asked at once, and killed after `grace` seconds, or when somebody presses Ctrl-C
        again. The foundations follow when nobody leans on them any more.
        """
        patience = min(self._signals.interrupts, 1)
        for foundation, seconds in ((False, grace), (True, min(grace, FOUNDATION_SECONDS))):
            wave = [w for w in self._watched if w.child.foundation is foundation]
            for watched in wave:
                if watched.life:
                    watched.life.ask()
            self._wait(partial(self._is_enough, wave, patience), seconds)
            self._finish(wave)

    def _bury(self, watched: _Watched) -> None:
        life = watched.life
        if life is None or (code := life.exit_code()) is None:
            return
        life.kill()  # what it started must not go on beside its successor
        now = self._clock.monotonic()
        watched.deaths = 1 if now - watched.born_at > STEADY_SECONDS else watched.deaths + 1
        self._put_off(watched, pid=life.pid, code=code)

    def _start(self, watched: _Watched) -> None:
        if not self._may_start(watched) or self._clock.monotonic() < watched.due_at:
            return
        watched.born_at = self._clock.monotonic()
        try:
            watched.life = Life(watched.child, self._logs)
        except OSError:  # no memory, no processes left, no space for the log
            watched.deaths += 1
            self._put_off(watched, pid=None, code=None)
        else:
            self._tell(watched, "started")

    def _put_off(self, watched: _Watched, *, pid: int | None, code: int | None) -> None:
        wait = pause(watched.deaths)
        watched.life = None
        watched.ready = False
        watched.due_at = self._clock.monotonic() + wait
        self._report(
            Notice(child=watched.child.name, kind="died", pid=pid, code=code, again_in=wait)
        )

    def _greet(self, watched: _Watched) -> None:
        if watched.life and not watched.ready and watched.child.ready():
            watched.ready = True
            self._tell(watched, "ready")

    def _tell(self, watched: _Watched, kind: Literal["started", "ready"]) -> None:
        if watched.life:
            self._report(Notice(child=watched.child.name, kind=kind, pid=watched.life.pid))

    def _may_start(self, watched: _Watched) -> bool:
        stands = all(w.ready for w in self._watched if w.child.foundation)
        return watched.life is None and (stands or watched.child.foundation)

    def _next(self) -> float | None:
        now = self._clock.monotonic()
        looks = [LOOK_SECONDS for w in self._watched if w.life and not w.ready]
        starts = [max(0.0, w.due_at - now) for w in self._watched if self._may_start(w)]
        return min(looks + starts, default=None)

    def _wait(self, is_done: Callable[[], bool], seconds: float) -> None:
        deadline = self._clock.monotonic() + seconds
        while not is_done() and (left := deadline - self._clock.monotonic()) > 0:
            self._signals.wait(min(left, LOOK_SECONDS))

    def _is_enough(self, wave: Sequence[_Watched], patience: int) -> bool:
        return self._signals.interrupts > patience or all(w.has_ended() for w in wave)

    def _finish(self, wave: Sequence[_Watched]) -> None:
        """Kills who did not end by itself, with whatever the wave has started."""
        killed = [watched for watched in wave if not watched.has_ended()]
        lives = [watched.life for watched in wave if watched.life]
        for life in lives:
            life.kill()
        self._wait(lambda: all(life.is_over() for life in lives), KILL_SECONDS)
        for watched in wave:
            if watched.life:
                self._report(
                    Notice(
                        child=watched.child.name,
                        kind="killed" if watched in killed else "ended",
                        pid=watched.life.pid,
                        code=watched.life.exit_code(),
                    )
                )
            watched.life = None
