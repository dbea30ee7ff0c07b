"""Suspects that are carried beside each other, in a process that has nothing else to lose."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext

from tasks.run import Incarnation, Run, RunId
from worker.quarantine.process import FAILED, Given, begin, code_of, fleet_for, is_death

KEPT_SECONDS = 3.0
"""For so long a company takes more: it hears of no pause, and costs the memory of a process."""

AT_ONCE = 64


class Company:
    """One such process, of one life of its parent. Its thread waits for it."""

    def __init__(
        self,
        context: ForkServerContext,
        given: Given,
        owner: Incarnation | None,
        monotonic: Callable[[], float],
    ) -> None:
        self.owner = owner
        self._monotonic = monotonic
        self._ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_carry_all, args=(given, owner, theirs), name="company", daemon=True
        )
        self._theirs: Connection | None = theirs
        self._members: dict[RunId, tuple[Run, Future[bool]]] = {}
        self._started_at: float | None = None
        self._is_closed = False  # takes no more
        self._is_ended = False  # is to put back what it has
        self._door = threading.Lock()
        threading.Thread(target=self._live, name="company", daemon=True).start()

    def join(self, run: Run) -> "Future[bool] | None":
        """Takes one more: whether the process will have died meanwhile. None: it takes none."""
        with self._door:
            if self._is_closed or run.id in self._members or self._is_old():
                return None
            told: Future[bool] = Future()
            self._members[run.id] = run, told
            if self._started_at is not None:
                self._send(run)
            return told

    def close(self) -> None:
        """Takes no more; it ends when those that it has are through."""
        with self._door:
            self._close()

    def end(self) -> None:
        """Has all of its runs put back."""
        with self._door:
            if self._started_at is not None and not self._is_ended:
                self._process.terminate()
            self._is_closed = self._is_ended = True

    def _is_old(self) -> bool:
        return self._started_at is not None and self._monotonic() - self._started_at > KEPT_SECONDS

    def _close(self) -> None:
        if not self._is_closed and self._started_at is not None:
            self._send(None)
        self._is_closed = True

    def _send(self, run: Run | None) -> None:
        with suppress(OSError):  # it has died: its thread tells everybody
            self._ours.send(run)

    def _live(self) -> None:
        """The thread's work: from the process' start to its end."""
        if self._begin():
            while wait([self._ours, self._process.sentinel], timeout=1.0) != [
                self._process.sentinel
            ]:
                if not self._hear():
                    break
                self._retire()
            self._over(code_of(self._process))
        else:
            self._over(FAILED)

    def _begin(self) -> bool:
        """Starts it, which may take seconds, and hands over whoever has come meanwhile."""
        try:
            begin(self._process)
        except OSError:  # no memory, no processes left: they are put back
            return False
        finally:
            with self._door:
                if self._theirs:
                    self._theirs.close()
                self._theirs = None
        with self._door:
            self._started_at = self._monotonic()
            if self._is_ended:
                self._process.terminate()
            for run, _ in self._members.values():
                self._send(run)
            if self._is_closed:
                self._send(None)
        return True

    def _hear(self) -> bool:
        """Tells those who are through; False when there is nobody any more who could say so."""
        try:
            while self._ours.poll():
                run: RunId = self._ours.recv()
                with self._door:
                    _, told = self._members.pop(run)
                _tell(told, died=False)
        except (EOFError, OSError):
            return False
        return True

    def _retire(self) -> None:
        with self._door:
            if self._is_old() and not self._members:
                self._close()

    def _over(self, code: int | None) -> None:
        died = is_death(code)
        self._hear()  # what it said before its end
        with self._door:
            self._is_closed = True
            left, self._members = self._members, {}
        for _, told in left.values():
            _tell(told, died=died)
        self._ours.close()


def _tell(told: "Future[bool]", *, died: bool) -> None:
    with suppress(InvalidStateError):  # nobody waits any more
        told.set_result(died)


def _carry_all(given: Given, owner: Incarnation | None, door: Connection) -> None:
    """The life of that process."""
    saying = threading.Lock()

    with fleet_for(given, owner) as fleet, ThreadPoolExecutor(AT_ONCE) as pool:

        def carry(run: Run) -> None:
            try:
                fleet.carry_held(run)
            finally:
                with saying:
                    door.send(run.id)

        while (run := door.recv()) is not None:
            pool.submit(carry, run)
