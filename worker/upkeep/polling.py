"""Polls of sources, of each one at a time."""

from collections.abc import Callable
from threading import Lock

from tasks.errors import SourceDown
from tasks.ports.inbox import Inbox
from worker.intake import Intake


class Polling:
    """A poll that comes while the last one of its source is under way has nothing to do.

    A helpdesk that is slow would else be asked by more and more of them at once, and be slower.
    """

    def __init__(self, intake: Intake, inbox_of: Callable[[str], Inbox]) -> None:
        self._intake = intake
        self._inbox_of = inbox_of
        self._turn = Lock()
        self._under_way: set[str] = set()

    def __call__(self, source: str) -> None:
        """Takes in what came. One that cannot be read is asked again: nothing is lost by that."""
        with self._turn:
            if source in self._under_way:
                return
            self._under_way.add(source)
        try:
            self._intake.poll(self._inbox_of(source))
        except SourceDown as error:
            self._intake.log.warning("intake.failed", source=source, why=str(error))
        finally:
            with self._turn:
                self._under_way.discard(source)
