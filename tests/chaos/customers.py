"""Tickets, replies and people's edits, from a thread of their own; and what takes effect late."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from math import pi, sin
from pathlib import Path
from random import Random

from tasks.errors import HelpdeskDown
from tasks.ticket import ExternalId
from tests.chaos.app import CAPABLE, LATE_SECONDS, take_effect
from tests.chaos.script import Family, Script, script
from worker.clock import SystemClock
from worker.helpdesks.embedded import EmbeddedHelpdesk

EVERY = 0.1
WAVE_SECONDS = 30.0

LATER_SECONDS = 20.0  # within so long a customer writes again, a person edits or closes
AGAIN = "And it has not arrived yet."

Deed = tuple[float, Callable[[], object]]


class Customers:
    """Brings `count` tickets within `seconds`, and what people do about them."""

    def __init__(
        self, folder: Path, helpdesk: Path, seed: int, *, count: int, seconds: float
    ) -> None:
        self.inbox = folder / "inbox.jsonl"
        self.inbox.touch()
        self.helpdesk = EmbeddedHelpdesk(helpdesk, SystemClock(), capabilities=CAPABLE)
        self.brought = 0
        self.edits = 0
        self._late = folder / "late.jsonl"
        self._late_read = 0
        self._seed = seed
        self._count = count
        self._seconds = seconds
        self._chance = Random(f"{seed}:customers")
        self._deeds: deque[Deed] = deque()
        self._alone = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, name="customers", daemon=True)
        self._began = 0.0

    def start(self) -> None:
        """The first ones come."""
        self._began = time.monotonic()
        self._thread.start()

    def stop(self) -> None:
        """Everything that was to be done is done."""
        self._stopped.set()
        self._thread.join()

    def take(self, count: int, path: Path) -> list[Script]:
        """The next tickets, which the caller brings in that file, as their next words will be."""
        with self._alone:
            numbers = range(self.brought, min(self.brought + count, self._count))
            self.brought += len(numbers)
        scripts = [script(self._seed, number) for number in numbers]
        for one in scripts:
            self._plan(one, path)
        return scripts

    def is_done(self) -> bool:
        """Whether everybody has come and done what they do."""
        return self.brought >= self._count and not self._deeds

    def _work(self) -> None:
        while not self._stopped.wait(EVERY):
            self._bring()
            self._do()
            self._let_take_effect()

    def _bring(self) -> None:
        due = int(self._count * _share(time.monotonic() - self._began, self._seconds))
        scripts = self.take(max(0, due - self.brought), self.inbox)
        if scripts:
            with self.inbox.open("ab") as file:
                file.write(b"".join(one.line() + b"\n" for one in scripts))

    def _plan(self, one: Script, path: Path) -> None:
        ticket = ExternalId(one.id)
        if one.writes_again:
            self._soon(lambda: self._write_again(one, path))
        if one.edited:
            self._soon(lambda: self._edit(ticket))
        if one.family is Family.CLOSED:
            self._soon(lambda: self.helpdesk.close_ticket(ticket))

    def _soon(self, deed: Callable[[], object]) -> None:
        self._deeds.append((time.monotonic() + self._chance.uniform(0, LATER_SECONDS), deed))

    def _do(self) -> None:
        now = time.monotonic()
        for _ in range(len(self._deeds)):
            at, deed = self._deeds.popleft()
            if at > now or not self._done(deed):
                self._deeds.append((at, deed))

    def _done(self, deed: Callable[[], object]) -> bool:
        try:
            deed()
        except HelpdeskDown:  # a frozen worker has the file: later
            return False
        return True

    def _write_again(self, one: Script, path: Path) -> None:
        if one.escalates or not self.helpdesk.reply(ExternalId(one.id), AGAIN):
            with path.open("ab") as file:
                file.write(one.line(AGAIN) + b"\n")

    def _edit(self, ticket: ExternalId) -> None:
        field = self._chance.choice(("priority", "queue", "issue_type"))
        self.edits += self.helpdesk.edit(ticket, field, "chosen by hand", "Grace")

    def _let_take_effect(self) -> None:
        if not self._late.exists():
            return
        with self._late.open("rb") as file:
            file.seek(self._late_read)
            for raw in file:
                line = json.loads(raw)
                if time.time() - line["at"] < LATE_SECONDS:
                    return
                with suppress(HelpdeskDown):
                    take_effect(self.helpdesk, line)
                self._late_read += len(raw)


def _share(passed: float, whole: float) -> float:
    """How much of all has come after so many seconds of the whole.

    In waves: work piles up, and is worked off.
    """
    waves = max(1, round(whole / WAVE_SECONDS))
    passed = min(1.0, passed / whole)
    return passed - sin(2 * pi * waves * passed) / (2 * pi * waves) * 0.95
