"""What a breaker of one process tells the others, and makes of what they say."""

from worker.guards.circuit import Circuit
from worker.guards.machine import STATE_CLOSED, STATE_OPEN
from worker.guards.passing import Change
from worker.guards.shared import LETTERS, Heard, Lease, Record, Told


class SharedCircuit(Circuit):
    """A breaker that is the same in all processes, a moment later."""

    def stands(self) -> Heard:
        """How it stands, as far as this process knows."""
        with self._lock:
            good, bad = self._window.calls()
            return Heard(
                record=self._record(),
                took=False,
                successes=good,
                failures=bad,
                last=self._window.last,
                probe_in=self._probing.held if self.is_shut else 0.0,
            )

    def tell(self) -> Told:
        """What everybody should know; what they say to it is for `hear`."""
        with self._lock:
            self._give_up()
            token, left = self._probing.token, self._probing.left
            counts, last = self._window.tell()
            return Told(
                name=self.name,
                heard=self._heard,
                record=self._record(),
                counts=counts,
                last=last,
                most=LETTERS * self.rule.last_calls,
                counted_in=self._counted_in,
                window=self.rule.window,
                probe=Lease(token=token, seconds=left) if token else None,
                back=self._probing.back,
            )

    def hear(self, told: Told, heard: Heard) -> list[Change]:
        """What they say; changes of ours that are everybody's now."""
        with self._lock:
            changes = self._hear(told, heard)
        self.met.set()
        return changes

    def lose(self) -> list[Change]:
        """Nobody is heard of: this process is on its own, and so are changes of its own."""
        with self._lock:
            self._alone = True
            self._window.alone()
            changes = self._drained()
        self.met.set()
        return changes

    def _hear(self, told: Told, heard: Heard) -> list[Change]:
        self._alone = False
        if told.back is self._probing.back:
            self._probing.back = None
        failed = told.counted_in == self._counted_in and self._window.told(
            told.counts, (heard.successes, heard.failures), heard.last
        )
        if told.record.generation != self._generation:
            return []  # it has changed meanwhile, which is told next
        is_known = told.heard == told.record.generation == heard.record.generation
        if heard.took or is_known:
            self._renumber(heard.record.generation)
        else:
            self._changes.clear()
            self._adopt(heard.record)
        self._probing.hear(heard.record.due_in, heard.probe_in)
        changes = self._drained()
        if failed and not self.is_shut and self._window.failing() >= self.rule.parts:
            self._machine.open()  # not only at the next failure of our own
        return changes

    def _drained(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes

    def _record(self) -> Record:
        return Record(
            generation=self._generation,
            state="open" if self.is_shut else "closed",
            since=self._since,
            interval=self._probing.interval,
            due_in=max(self._probing.due_in, self._probing.held) if self.is_shut else 0.0,
            closed_ago=self._ramp.ago,
            cause=self.cause,
        )

    def _renumber(self, generation: int) -> None:
        if self._counted_in == self._generation:
            self._counted_in = generation
        self._generation = self._heard = generation

    def _adopt(self, record: Record) -> None:
        """It stands as everybody says."""
        was_shut, is_new = self.is_shut, self._generation == 0
        self._renumber(record.generation)
        self.cause = record.cause
        self._probing.interval = record.interval
        self._probing.token = None
        if record.state == "open":
            self._machine.take_over(STATE_OPEN)
            if not was_shut:
                self._turn(record.since, goes=False)
        elif is_new and not was_shut:
            self._ramp.begin(record.closed_ago)
            self.goes = self._ramp.left <= 0
        else:
            self._machine.take_over(STATE_CLOSED)
            self._close(record.closed_ago)
