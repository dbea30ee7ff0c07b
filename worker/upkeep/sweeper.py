"""Looks once more at what was written, when all that was under way then has taken effect.

For twins: notes that somebody sent after somebody else had taken the ticket over. A process that
was frozen between its last check and its request sends when it wakes, and not every helpdesk
refuses a second note of one key. Nothing prevents that; so it is found, and counted.

For edits that ours has overwritten, where the helpdesk's condition is no lock and its history told
of the edit only later: what the person chose is put back. That mends what we did, so a source that
only suggests does not stop it. In shadow nothing is written, not even that: it is told, and waits
until the source may do more.

One sweeper at a time in the fleet, in a thread of its own: a helpdesk that answers late must keep
nobody from taking over from the dead. It asks as everybody does, behind the guards and the fence.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import cast

from config.mode import Mode, more_careful
from tasks.chronicle import Entry
from tasks.delivery import Delivery
from tasks.errors import (
    Held,
    LedgerDown,
    Misconfigured,
    NotAllowed,
    RateLimited,
    Rejected,
    Transient,
)
from tasks.events import Kind
from tasks.ports.clock import Clock
from tasks.ports.helpdesk import EVERY, Gone, Helpdesk, Seen, Traces
from tasks.ports.ledger import Intent
from tasks.run import Run, State
from worker.carrying.notebook import change_of
from worker.ledgers.errors import RunLost
from worker.ledgers.residence import ANYWHERE, Residence
from worker.ledgers.sql import SqlLedger
from worker.privacy.vault import Vault
from worker.telemetry.log import Log

ROLE = "sweeper"
BATCH = 50  # at most in one round
ROUND_SECONDS = 4.0  # after which a round begins with no other run
LATER_SECONDS = 60.0  # where the helpdesk does not answer
ELSEWHERE_SECONDS = 1_200.0  # where its ticket lives in another helpdesk than ours
HELD_SECONDS = 120.0  # until it is asked again whether what it waits for may be put back

Keys = tuple[str, ...]
"""Of writes; those that `_compare` gives wait for a mode in which something may be done."""


class Sweeper:
    """Compares what the ledger confirmed with what the helpdesk holds."""

    name = ROLE

    def __init__(
        self,
        ledger: SqlLedger,
        helpdesk: Helpdesk,
        vault: Vault,
        clock: Clock,
        *,
        residence: Residence = ANYWHERE,
        on_loop: Callable[[Coroutine[None, None, Keys]], Keys] = asyncio.run,
        is_ours: Callable[[], bool] = lambda: True,
    ) -> None:
        """`on_loop` runs what is asked of the helpdesk; `is_ours`: whether the role is."""
        self._ledger = ledger
        self._helpdesk = helpdesk
        self._vault = vault
        self._clock = clock
        self._residence = residence
        self._on_loop = on_loop
        self._is_ours = is_ours
        self._log = Log("sweeper")

    def sweep(self) -> None:
        """Whatever is due, until the helpdesk fails or time is up. Raises LedgerDown."""
        if not self._is_ours():
            return
        began = self._clock.monotonic()
        for run, writes, mode in self._due():
            late = self._clock.monotonic() - began >= ROUND_SECONDS
            if late or not self._look_at(run, writes, mode):
                return  # the rest is as due in the next round

    def _due(self) -> Iterator[tuple[Run, Sequence[Intent], Mode]]:
        """Runs to be looked at, with their writes; what cannot be now is put off."""
        now = self._clock.now()
        due: list[Intent] = []
        for write in self._ledger.to_sweep(now, BATCH):
            if write.sweep_at is not None and write.sweep_at > now:  # by a clock that was wrong
                self._ledger.swept(write.key, now + LATER_SECONDS)
            else:
                due.append(write)
        modes = {source.name: source.mode for source in self._ledger.sources()} if due else {}
        for run_id, writes in groupby(sorted(due, key=attrgetter("run")), key=attrgetter("run")):
            run = self._ledger.run(run_id)
            if run and not self._residence.holds(run.source):
                for write in writes:
                    self._ledger.swept(write.key, now + ELSEWHERE_SECONDS)
            elif run and run.state is not State.RUNNING:  # whoever has it would lose it
                said = modes.get(run.source, Mode.AUTO)
                yield run, list(writes), more_careful(run.mode or Mode.AUTO, said)

    def _look_at(self, run: Run, writes: Sequence[Intent], mode: Mode) -> bool:
        """Whether the helpdesk has answered; of one that has not, nobody else is asked now."""
        answers = True
        again: dict[str, float] = {}
        try:
            held = self._on_loop(self._compare(run, writes, mode))
            again = dict.fromkeys(held, self._clock.now() + HELD_SECONDS)
        except (Transient, RateLimited, Misconfigured, Held, Rejected) as error:
            answers = isinstance(error, Rejected | NotAllowed)  # this ticket's own trouble
            again = dict.fromkeys(_keys(writes), self._clock.now() + _later(error))
        except RunLost:
            return True  # it moved meanwhile: at the next sweep
        except LedgerDown:
            raise
        except Exception as error:  # noqa: BLE001 - else the writes behind it would never be seen
            self._log.error("sweep.bug", run=run.id, error=type(error).__name__)
            again = dict.fromkeys(_keys(writes), self._clock.now() + ELSEWHERE_SECONDS)
        for key in _keys(writes):
            self._ledger.swept(key, again.get(key))
        return answers

    async def _compare(self, run: Run, writes: Sequence[Intent], mode: Mode) -> Keys:
        """The keys of what has to be looked at again, since the mode lets nothing be done."""
        traces = await self._helpdesk.traces(run.external_id, key=EVERY)
        for write in writes:
            count = traces.counts.get(write.key, 0)
            if write.target.startswith("note:") and count > 1:
                self._log.warning("note.twins", run=run.id, key=write.key, count=count)
                told = Entry(kind=Kind.TWINS, body={"key": write.key, "count": count})
                run = await asyncio.to_thread(self._tell, run, told)
        lost = [write for write in writes if _is_overwritten(write, traces)]
        # A ticket that is closed by now stays as it is.
        seen = await self._helpdesk.look(run.external_id) if lost else Gone("nothing was lost")
        if isinstance(seen, Gone):
            return ()
        if mode is Mode.SHADOW:
            held = [one for one in lost if seen.fields[one.target] == one.wanted]
            return await asyncio.to_thread(self._hold, run, held)
        await self._give_back(run, lost, traces, seen)
        return ()

    def _hold(self, run: Run, lost: Sequence[Intent]) -> Keys:
        """Tells once of what would be put back, were that allowed; their keys."""
        keys = _keys(lost)
        known = {
            key
            for event in self._ledger.events(run.id)
            if event.kind is Kind.OVERWRITTEN
            for key in cast("Sequence[str]", event.body["keys"])
        }
        if new := [key for key in keys if key not in known]:
            self._log.warning("edit.held", run=run.id, fields=len(new))
            self._tell(run, Entry(kind=Kind.OVERWRITTEN, body={"keys": new}))
        return keys

    async def _give_back(
        self, run: Run, lost: Sequence[Intent], traces: Traces, seen: Seen
    ) -> None:
        """Under the key of each."""
        standing = run

        async def record(intents: tuple[Intent, ...]) -> None:
            nonlocal standing
            body = {"keys": [intent.key for intent in intents]}
            told = Entry(kind=Kind.INTENDED, body=body, writes=tuple(intents))
            standing = await asyncio.to_thread(self._tell, standing, told)

        delivery = Delivery(
            helpdesk=self._helpdesk,
            ticket=run.external_id,
            key=lost[0].key.partition(":")[0],
            traces=traces,
            record=record,
        )
        images = {write.target: frozenset({write.before}) for write in lost}
        told = await delivery.give_back(lost, images, seen)
        # Who chose after us has what they chose: nothing was put back, and nothing is told.
        if not isinstance(told, Gone) and any(one.outcome == "kept" for one in told):
            self._log.warning("edit.given_back", run=run.id, fields=len(lost))
            body = {"keys": list(_keys(lost))}
            entry = Entry(kind=Kind.GIVEN_BACK, body=body, writes=told)
            await asyncio.to_thread(self._tell, standing, entry)

    def _tell(self, run: Run, entry: Entry) -> Run:
        """Into the ledger, whatever state the run is in. Raises RunLost where it has moved."""
        change = change_of(run, (entry,), None, vault=self._vault, clock=self._clock)
        if not self._ledger.commit([change])[0]:
            message = f"run {run.id} was moved by somebody else"
            raise RunLost(message)
        return change.after


def _later(error: Exception) -> float:
    """Seconds. Whoever waits for a limit has a place in its line, and was told when to come."""
    told = error.retry_after if isinstance(error, RateLimited) else None
    return LATER_SECONDS if told is None else min(told, LATER_SECONDS)


def _keys(writes: Sequence[Intent]) -> Keys:
    return tuple(write.key for write in writes)


def _is_overwritten(write: Intent, traces: Traces) -> bool:
    """Whether a person chose something else, neither ours nor what was there before."""
    return (
        write.outcome == "applied"
        and write.target in traces.chosen
        and traces.chosen[write.target] not in {write.wanted, write.before}
    )
