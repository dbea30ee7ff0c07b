"""The real app before a helpdesk that misbehaves: `celery -A tests.chaos.app worker …`.

CHAOS_FOLDER is the nemesis' own folder, CHAOS_SLOT the worker's name there. A file `kill-SLOT` in
it holds the waypoint at which the process dies next, `clock-SLOT` by how many seconds its clock is
wrong. What the helpdesk did to whom is appended to `helpdesk.jsonl`, an independent record.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import replace
from multiprocessing import parent_process
from pathlib import Path
from random import Random
from typing import Any

from config.environment import Environment
from tasks.errors import CredentialRefused, HelpdeskDown, RateLimited
from tasks.ports.helpdesk import Capabilities, Gone, Moved, Seen
from tasks.ticket import ExternalId
from tasks.waypoints import Waypoint, listen
from tests.chaos.script import Family, number_of, script
from worker.celery_app import build
from worker.clock import SystemClock
from worker.compose import open_shop
from worker.crew import hire
from worker.fleet import Fleet
from worker.helpdesks.embedded import EmbeddedHelpdesk

FOLDER, SLOT, SEED = "CHAOS_FOLDER", "CHAOS_SLOT", "CHAOS_SEED"
CAPABLE = Capabilities(conditional_write="strict", once_only_notes=False, settle_seconds=2.0)
"""Compares versions, and takes a note as often as it is sent: the least on which I3 can hold."""

LATE_SECONDS = 0.5  # an accepted request takes effect so much later; well within settling
A_TROUBLE = 0.0035  # the share of requests that each kind of trouble meets
SENDING = ("down", "lost_answer", "half", "moved", "late", "deaf", "edited", "refused", "busy")
LOOKING = ("down", "slow", "reset")
LOOK_SECONDS = 0.2


class Swayed(SystemClock):
    """This machine's clock, as wrong as a file says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._looked_at = 0.0
        self._wrong = 0.0

    def now(self) -> float:
        """Epoch seconds, or not."""
        if (now := self.monotonic()) - self._looked_at > LOOK_SECONDS:
            self._looked_at = now
            self._wrong = float(self._file.read_text()) if self._file.exists() else 0.0
        return super().now() + self._wrong


class Record:
    """Lines that survive whoever writes them."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def add(self, **line: object) -> None:
        """One line, at once."""
        os.write(self._file, json.dumps({"at": time.time(), **line}).encode() + b"\n")


class TroubledHelpdesk(EmbeddedHelpdesk):
    """Each request may meet one trouble; some tickets are deaf or deadly for ever."""

    def __init__(self, path: Path, folder: Path, seed: int) -> None:
        super().__init__(path, SystemClock(), capabilities=CAPABLE)
        self._seed = seed
        self._chance = Random(f"{seed}:{os.getpid()}")
        self._record = Record(folder / "helpdesk.jsonl")
        self._late = Record(folder / "late.jsonl")

    async def look(self, ticket: ExternalId) -> Seen | Gone:
        await self._hinder(self._draw(ticket, "look", LOOKING))
        return await super().look(ticket)

    async def set_fields(
        self, ticket: ExternalId, values: Mapping[str, str | None], *, key: str, version: str
    ) -> Moved | Gone | None:
        family = script(self._seed, number_of(ticket)).family
        if family is Family.POISON:
            os.abort()
        if family is Family.DEAF:
            return None
        trouble = self._draw(ticket, "set_fields", SENDING)
        match trouble:
            case "moved":
                return Moved()
            case "edited":
                self.edit(ticket, "queue", "by hand", "Grace")
            case "half":
                await super().set_fields(ticket, _first(values), key=key, version=version)
                raise HelpdeskDown("it went away half-way")
            case "late":
                given = {"values": dict(values), "version": version}
                self._late.add(op="set_fields", ticket=ticket, key=key, **given)
                raise HelpdeskDown("no answer yet")
            case _:
                pass
        if await self._hinder(trouble):
            return None
        done = await super().set_fields(ticket, values, key=key, version=version)
        _lose(trouble)
        return done

    async def post_note(self, ticket: ExternalId, body: str, *, key: str) -> Gone | None:
        trouble = self._draw(ticket, "post_note", SENDING)
        if trouble == "late":
            self._late.add(op="post_note", ticket=ticket, key=key, body=body)
            raise HelpdeskDown("no answer yet")
        if await self._hinder(trouble):
            return None
        done = await super().post_note(ticket, body, key=key)
        _lose(trouble)
        return done

    def _draw(self, ticket: str, op: str, troubles: tuple[str, ...]) -> str | None:
        drawn = int(self._chance.random() / A_TROUBLE)
        if drawn >= len(troubles):
            return None
        self._record.add(ticket=ticket, op=op, trouble=troubles[drawn])
        return troubles[drawn]

    async def _hinder(self, trouble: str | None) -> bool:
        """Before the request has any effect. True where it never will, and is said to have had."""
        match trouble:
            case "down" | "reset":
                raise HelpdeskDown(f"made up: {trouble}")
            case "refused":
                raise CredentialRefused("401", credential="CHAOS_TOKEN")
            case "busy":
                raise RateLimited("429", retry_after=1.0)
            case "slow":
                await asyncio.sleep(1.0)
            case _:
                pass
        return trouble == "deaf"


def _first(values: Mapping[str, str | None]) -> dict[str, str | None]:
    return dict(list(values.items())[:1])


def _lose(trouble: str | None) -> None:
    if trouble == "lost_answer":
        raise HelpdeskDown("the answer was lost")


def take_effect(helpdesk: EmbeddedHelpdesk, line: Mapping[str, Any]) -> None:
    """What a helpdesk does that has accepted a request and answered nothing: the nemesis calls."""
    ticket, key = ExternalId(line["ticket"]), line["key"]
    if line["op"] == "post_note":
        asyncio.run(helpdesk.post_note(ticket, line["body"], key=key))
    else:
        asyncio.run(helpdesk.set_fields(ticket, line["values"], key=key, version=line["version"]))


def hire_beset(environment: Environment, queues: frozenset[str]) -> Fleet:
    """A worker's fleet on that helpdesk and that clock; it dies where it is told to."""
    given = environment.credentials
    folder, slot, seed = Path(given[FOLDER]), given[SLOT], int(given[SEED])
    fatal = folder / f"kill-{slot}"

    def passing(waypoint: Waypoint) -> None:
        if fatal.exists() and fatal.read_text() == waypoint:
            fatal.unlink()
            os.kill(os.getpid(), signal.SIGKILL)

    if parent_process() is None:  # a suspect's would be taken for poison, and rightly
        listen(passing)
    shop = open_shop(environment)
    helpdesk = TroubledHelpdesk(shop.home.helpdesk, folder, seed)
    clock = Swayed(folder / f"clock-{slot}")
    return hire(replace(shop, helpdesk=helpdesk, clock=clock), queues)


app = build(Environment.read(), hire_beset)
