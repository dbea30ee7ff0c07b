"""All breakers of one process: asked before each call, told after it, shared with the fleet."""

import asyncio
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

from config.guards import Breaker
from tasks.errors import (
    BreakerOpen,
    CredentialRefused,
    Misconfigured,
    QuotaGone,
    UnknownModel,
)
from tasks.ports.clock import Clock
from tasks.ports.guards import Ended
from worker.guards.passing import Change, Due, Later, Pass
from worker.guards.rule import rule_of
from worker.guards.scribe import Scribe, notice_of
from worker.guards.shared import Shared, SharedAway
from worker.guards.shared_circuit import SharedCircuit
from worker.guards.standing import Standing, standing_of
from worker.telemetry.log import Log

TRIPPED_SECONDS = 5.0
"""When somebody asks again whom an operator's trip has kept back."""

ASKERS = 4
"""Threads that ask for leases: one that hangs must not keep the others' breakers waiting."""

MEETING_SECONDS = 2.0
"""What a process's first call of a name that it did not know from its start waits at most."""

KNOWN_AGAIN = 2
"""Syncs until those who live have told again what Redis has forgotten."""

GAP = 0.05
"""Of the time between two syncs: what must at least lie between them when something is urgent."""

MISCONFIGURED: dict[str, type[Misconfigured]] = {
    kind.__name__: kind for kind in (CredentialRefused, QuotaGone, UnknownModel)
}


class Breakers:
    """The breakers of this process, each made when it is first asked for.

    `start` begins to share them; before that, and while there is nobody to share with, each is
    this process's own. Everything but `start` and `stop` is for the event loop and blocks nowhere.
    """

    def __init__(
        self,
        config: Breaker,
        shared: Shared,
        *,
        clock: Clock,
        chance: Callable[[], float],
        token: Callable[[], str],
        scribe: Scribe,
        log: Log,
    ) -> None:
        self._config, self._shared, self._log = config, shared, log
        self._clock, self._chance, self._token = clock, chance, token
        self._scribe = scribe
        self._circuits: dict[str, SharedCircuit] = {}
        self._making = threading.Lock()
        self._wake = threading.Event()
        self._ending = threading.Event()
        self._away = False
        self._thread = threading.Thread(target=self._work, name="breakers", daemon=True)
        self._askers = ThreadPoolExecutor(ASKERS, thread_name_prefix="breaker-lease")

    # ── For the event loop ───────────────────────────────────────────────────────────────────────

    async def admit(self, name: str) -> Pass:
        """Leave to call once; `report` wants it back.

        Raises BreakerOpen (with the seconds until it is worth asking again), or for a key that is
        known to be wrong the Misconfigured that it was found by.
        """
        circuit = self._circuits.get(name) or self._make(name)
        if not circuit.met.is_set():
            await self._meet(circuit)
        if self._scribe.trips and (trip := self._scribe.trips.get(name)):
            message = f"{name} is tripped by {trip.by}: {trip.why}"
            raise BreakerOpen(message, dependency=name, retry_after=TRIPPED_SECONDS)
        if circuit.goes:
            return circuit.admit()
        match circuit.ask():
            case Pass() as leave:
                return leave
            case Later() as later:
                raise self._held(circuit, later)
            case Due() as due:
                return await self._probe(circuit, due)

    def leaves(self, leave: Pass) -> bool:
        """Whether who had leave may send by now: it may have opened, or the probe be too late."""
        circuit = self._circuits[leave.name]
        if leave.name in self._scribe.trips:
            return False
        return circuit.leaves(leave.probe) if leave.probe else not circuit.is_shut

    def report(self, leave: Pass, ended: Ended, error: Misconfigured | None = None) -> None:
        """How the call ended; the error is what a key's guard raises from then on."""
        cause = f"{type(error).__name__} {error.credential}" if error else ""
        self._circuits[leave.name].report(leave, ended, cause)

    def holds(self, name: str) -> bool:
        """Whether one that was asked for here keeps anybody back: open, tripped or on its ramp."""
        return not self._circuits[name].goes or name in self._scribe.trips

    def falters(self, name: str) -> bool:
        """Whether it fails so many, though not enough to be left alone."""
        return self._circuits[name].falters

    def standings(self) -> tuple[Standing, ...]:
        """All of them, by name, as far as this process knows."""
        trips = self._scribe.trips
        known = dict(self._circuits)
        return tuple(
            standing_of(
                name,
                rule_of(name, self._config),
                known[name].stands() if name in known else None,
                trips.get(name),
            )
            for name in sorted(known.keys() | trips.keys())
        )

    def watched(self, name: str) -> Standing | None:
        """That of one that others may ask; None until this process has had time to hear of it."""
        if name not in self._circuits:
            self._make(name)
            return None
        return self.standing(name)

    def standing(self, name: str) -> Standing:
        """That of one, whether it was ever asked for or not."""
        circuit = self._circuits.get(name)
        heard = circuit.stands() if circuit else None
        return standing_of(name, rule_of(name, self._config), heard, self._scribe.trips.get(name))

    async def _meet(self, circuit: SharedCircuit) -> None:
        """Hears of it first: one that nobody here has asked for yet may have been open for long.

        Else each slot of this process might call what the whole fleet leaves alone.
        """
        if self._away or not self._thread.is_alive():
            return
        wait = partial(circuit.met.wait, MEETING_SECONDS)
        await asyncio.get_running_loop().run_in_executor(self._askers, wait)

    async def _probe(self, circuit: SharedCircuit, due: Due) -> Pass:
        """As the one probe of the fleet; else it raises as for everybody."""
        wait = None
        if not due.alone:
            ask = partial(self._shared.lease, circuit.name, due.generation, due.wanted)
            try:
                wait = await asyncio.get_running_loop().run_in_executor(self._askers, ask)
            except SharedAway:
                wait = 0.0  # whoever is on its own waits longer: `ask` knows how long
                self._lose()
            except BaseException:
                circuit.forgoes(due.wanted)
                raise
        answer = circuit.probes(due.wanted) if wait is None else circuit.waits(wait)
        if isinstance(answer, Pass):
            return answer
        raise self._held(circuit, answer)

    def _held(self, circuit: SharedCircuit, later: Later) -> BreakerOpen | Misconfigured:
        if circuit.rule.at_once:
            kind, _, credential = circuit.cause.partition(" ")
            every = f"{circuit.rule.first:.0f} s"
            message = f"{circuit.name}: {kind}; one request in {every} tries it again"
            error = MISCONFIGURED.get(kind, CredentialRefused)
            return error(message, credential=credential, guard=circuit.name)
        why = "closed lately, and is on its ramp" if later.ramp else "fails too often"
        soon = max(later.seconds, self._config.sync_seconds)
        message = f"{circuit.name} {why}; ask again in {soon:.1f} s"
        return BreakerOpen(message, dependency=circuit.name, retry_after=soon)

    def _make(self, name: str) -> SharedCircuit:
        with self._making:
            if name not in self._circuits:
                self._circuits[name] = SharedCircuit(
                    name,
                    rule_of(name, self._config),
                    clock=self._clock,
                    chance=self._chance,
                    token=self._token,
                    wake=self._wake.set,
                )
        self._wake.set()
        return self._circuits[name]

    # ── For a thread ─────────────────────────────────────────────────────────────────────────────

    def start(self, asked: Collection[str] = ()) -> None:
        """Hears what the fleet knows, and goes on telling and hearing. A second at most.

        `asked`: those that will be asked for here. None of the first calls waits for them then.
        """
        self._scribe.start()
        for name in asked:
            self._make(name)
        ours = dict(self._circuits)
        with suppress(SharedAway):
            # Who knows nothing must not be the first to tell where all was forgotten a moment ago.
            names = self._shared.names()
            if not names:
                self._ending.wait(KNOWN_AGAIN * self._config.sync_seconds)
                names = self._shared.names()
            for name in names:
                self._make(name)
        self.sync()
        # One that lets everything through is as good as new, and may never be asked for here.
        shut = {name: one for name, one in self._circuits.items() if not one.goes}
        self._circuits = ours | shut
        self._thread.start()

    def stop(self) -> None:
        """Tells what there is to tell, and ends."""
        self._ending.set()
        self._wake.set()
        self._thread.join()
        self.sync()
        self._askers.shutdown(wait=False, cancel_futures=True)
        self._scribe.stop()

    def sync(self) -> bool:
        """Tells and hears once; whether anybody was there."""
        circuits = list(self._circuits.values())
        if not circuits:
            return True
        told = [circuit.tell() for circuit in circuits]
        try:
            heard = self._shared.sync(told)
        except SharedAway:
            self._lose()
            return False
        if self._away:
            self._log.info("breaker.together")
        self._away = False
        for circuit, one, answer in zip(circuits, told, heard, strict=True):
            self._heard(circuit, circuit.hear(one, answer))
        return True

    def _heard(self, circuit: SharedCircuit, changes: Sequence[Change]) -> None:
        for change in changes:
            self._scribe.write(notice_of(change, self._token()))
            fields = {"breaker": circuit.name, "seconds": change.seconds, "alone": change.alone}
            match change.kind:
                case "opened":
                    many = {"failing": change.share, "calls": change.calls}
                    self._log.warning("breaker.opened", **fields, **many)
                case "closed":
                    self._log.info("breaker.closed", **fields)

    def _lose(self) -> None:
        if not self._away:
            self._log.warning("breaker.alone")
        self._away = True
        for circuit in list(self._circuits.values()):
            self._heard(circuit, circuit.lose())

    def _work(self) -> None:
        every = self._config.sync_seconds
        while not self._ending.is_set():
            self._wake.wait(every)
            self._wake.clear()
            try:
                self.sync()
            except Exception as error:  # noqa: BLE001 - a bug here must not end the sharing
                self._log.error("breaker.bug", error=type(error).__name__)
            self._ending.wait(every * GAP)
