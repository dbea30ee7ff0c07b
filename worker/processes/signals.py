"""What the outside asks of a process that minds others: to end, to hurry, to look after a child."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Self

ASKING = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """SIGINT and SIGTERM as something to read, with SIGCHLD as something to wait for.

    A context manager, for the main thread only. While it is entered, neither ends the process.
    """

    def __init__(self) -> None:
        self.asked = False  # to end
        self.interrupts = 0  # Ctrl-C; a person who repeats it is in a hurry, a service manager not
        self._before: dict[signal.Signals, signal._HANDLER] = {}
        self._wakeup_before = -1
        self._bell, self._ringer = socket.socketpair()
        self._ringer.settimeout(0)  # whoever is interrupted must never wait

    def wait(self, seconds: float | None) -> None:
        """Returns when a signal comes, or came since the last wait; else after `seconds`."""
        if select.select([self._bell], [], [], seconds)[0]:
            self._bell.recv(4096)

    def __enter__(self) -> Self:
        # Python's own handlers run only between two steps of the main thread; the byte that C
        # writes here wakes it from the wait.
        self._wakeup_before = signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        for number in (*ASKING, signal.SIGCHLD):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._wakeup_before)
        for line in (self._bell, self._ringer):
            line.close()

    def _note(self, number: int, _: FrameType | None) -> None:
        self.asked = self.asked or number in ASKING
        self.interrupts += number == signal.SIGINT
