"""The defects: each takes one guard away, by hand and for one process.

No setting reaches them, and no test knows their names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from config.mode import Mode
from tasks import decide, protocol
from tasks.delivery import Delivery
from tasks.errors import ValuesNotTaken
from tasks.events import Kind
from tasks.ports.ledger import Change, Reserved
from worker.carrying import notebook
from worker.carrying.gate import Gate
from worker.carrying.group_writer import GroupWriter
from worker.carrying.notebook import Notebook
from worker.chance import token
from worker.guards.breakers import Breakers
from worker.guards.passing import Pass
from worker.guards.retry_budget import RetryBudget
from worker.ledgers import postgres, sqlite
from worker.ledgers.sql import SqlLedger
from worker.upkeep.reaper import Reaper

Plant = Callable[[], None]


def _put(owner: object, name: str, other: object) -> None:
    patch.object(owner, name, other).start()


def no_unique_write_key() -> None:
    """Each attempt writes under a key of its own."""
    _put(notebook, "write_key", lambda _run: f"tf-{token()}")


def no_read_back() -> None:
    """What was answered is believed."""

    async def taken(_self: Delivery, due: Mapping[str, str], **_: object) -> set[str]:
        return set(due)

    async def expect(_self: Delivery, _notes: object) -> None:
        return None

    _put(Delivery, "_taken", taken)
    _put(Delivery, "_expect", expect)


def send_before_intent() -> None:
    """The intent is not written down before the first byte."""
    record = Notebook.record

    async def later(self: Notebook, kind: Kind, *rest: Any, **more: Any) -> None:  # noqa: ANN401
        if kind is not Kind.INTENDED:
            await record(self, kind, *rest, **more)

    _put(Notebook, "record", later)


def no_fencing() -> None:
    """Whoever comes with an old view of a run may move it."""
    _put(sqlite, "MOVE", sqlite.MOVE.replace("AND seq = ? AND fence = ?", "AND ? >= 0 AND ? >= 0"))


def reaper_off() -> None:
    """Nobody sends again, and nobody takes over."""
    _put(Reaper, "sweep", lambda _self: None)


def settle_time_0() -> None:
    """Nobody waits for requests that may still take effect."""
    _put(protocol, "_settled", lambda _past, _can, now: now)


def acknowledge_early() -> None:
    """Stages go on before what they did is durable."""
    hand_in = GroupWriter.hand_in

    def early(self: GroupWriter, change: Any) -> Any:  # noqa: ANN401
        told = hand_in(self, change)
        told.set_result(True)
        return told

    _put(GroupWriter, "hand_in", early)


def error_in_a_200_swallowed() -> None:
    """Values that were not taken are called written."""
    set_fields = Delivery.set_fields

    async def swallowing(self: Delivery, intents: Any, *rest: Any) -> Any:  # noqa: ANN401
        try:
            return await set_fields(self, intents, *rest)
        except ValuesNotTaken:
            return tuple(replace(one, outcome="applied", holds=one.wanted) for one in intents)

    _put(Delivery, "set_fields", swallowing)


def modes_ignored() -> None:
    """A source that may only suggest, or write nothing, is written to like any other."""

    async def auto(_self: Gate, _run: object) -> Mode:
        return Mode.AUTO

    _put(Gate, "mode", auto)


def retry_after_ignored() -> None:
    """Whoever asks us to come back later is asked again when we like."""
    _put(decide, "_told", lambda _error, otherwise: otherwise)


def budget_off() -> None:
    """The fleet retries as often as each ticket may."""

    async def take(_self: RetryBudget, _errand: object) -> None:
        return None

    _put(RetryBudget, "take", take)


def breaker_off() -> None:
    """Whatever fails is asked on."""

    async def admit(self: Breakers, name: str) -> Pass:
        circuit = self._circuits.get(name) or self._make(name)
        return circuit.admit()

    _put(Breakers, "admit", admit)


def spend_check_not_atomic() -> None:
    """Whoever looks first and takes afterwards does not see what others have taken meanwhile."""
    reserve = SqlLedger.reserve
    for till in (sqlite._Till, postgres._Till):  # noqa: SLF001 - as above
        takes = till.statements.reserve.partition(" AND ")[0]
        _put(till, "statements", replace(till.statements, reserve=takes))

    def look_first(self: SqlLedger, changes: Sequence[Change]) -> Sequence[Reserved]:
        for change in changes:
            day, _, tier = (change.after.reserved_for or "/").partition("/")
            left = {account.scope: account.left for account in self.accounts(day)}
            if tier and change.after.reserved > min(left[tier], left["fleet"]):
                return [Reserved.SHORT] * len(changes)
        return reserve(self, changes)

    _put(SqlLedger, "reserve", look_first)


def nothing() -> None:
    """A dummy: it must not be caught."""


DEFECTS: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        no_unique_write_key,
        no_read_back,
        send_before_intent,
        no_fencing,
        reaper_off,
        settle_time_0,
        acknowledge_early,
        error_in_a_200_swallowed,
        modes_ignored,
        retry_after_ignored,
        budget_off,
        breaker_off,
        spend_check_not_atomic,
        nothing,
    )
}
