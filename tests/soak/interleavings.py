"""A person edits while we write, a thousand times: `python -m tests.soak.interleavings rt`.

The moment of the edit is drawn anew each time, over all of the time that a write takes. By the
helpdesk's own history a person's value has to be what the field holds in the end, and what we
recorded of it has to say so.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tasks.case import Validated, Written
from tasks.decision import Choice, Decision
from tasks.desk import Desk, Past
from tasks.ports.helpdesk import Seen
from tasks.ports.ledger import Intent
from tasks.ticket import ExternalId
from tasks.write import write
from tests.contracts.stages import RoundupStage, RtStage
from tests.servers.roundup import Tracker
from tests.servers.rt import Rt
from tests.twins.desk import Office
from tests.twins.journal import RecordingJournal
from tests.twins.ticket import a_ticket, validated

Stage = RtStage | RoundupStage
EDITS = {"queue": ("payments", "fraud"), "priority": ("2", "4"), "issue_type": ("mine", "ours")}
"""What a person sets: never what we want."""

WANTED = Decision(
    issue_type="card",
    priority=1,
    queue="cards",
    escalation=None,
    draft=None,
    choices=(Choice(field="queue", chosen="cards", runner_up=None, rule="queue of card"),),
)
AT_ONCE = 2
LATEST = 1.3
"""Of the time that a write takes without any edit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One interleaving: what the person chose, what the field held then, what we recorded."""

    ticket: str
    field: str
    edited: str
    holds: str | None
    recorded: str | None

    @property
    def is_lost(self) -> bool:
        """Whether the field does not hold what the person chose."""
        return self.holds != self.edited


@contextmanager
def served(kind: str) -> Iterator[Rt | Tracker]:
    """A helpdesk of our own."""
    with tempfile.TemporaryDirectory(prefix="triage-soak-", dir="/tmp") as folder:
        server = Rt(Path(folder)) if kind == "rt" else Tracker(Path(folder))
        try:
            yield server
        finally:
            server.stop()


def staged(server: Rt | Tracker) -> Stage:
    """A new ticket there."""
    return RtStage(server) if isinstance(server, Rt) else RoundupStage(server)


def attempt(stage: Stage, number: int) -> tuple[Intent, ...]:
    """We write, as a worker does."""
    return asyncio.run(_attempt(stage, number))


async def _attempt(stage: Stage, number: int) -> tuple[Intent, ...]:
    seen = await stage.helpdesk.look(stage.ticket)
    assert isinstance(seen, Seen)
    held = {name: value for name, value in seen.fields.items() if value is not None}
    ticket = a_ticket(fields=held).model_copy(update={"id": stage.ticket})
    journal = RecordingJournal(before=Past(key=f"tf-{number}"))
    case: Validated = validated(WANTED, ticket)
    desk: Desk = replace(Office().desk, helpdesk=stage.helpdesk, journal=journal)
    found = await write(case, desk)
    assert isinstance(found, Written), found
    return found.results


def once(server: Rt | Tracker, number: int, chance: Random, takes: float) -> Trial:
    """One trial."""
    stage = staged(server)
    field = chance.choice(sorted(EDITS))
    value = chance.choice(EDITS[field])
    moment = chance.uniform(0, LATEST * takes)
    begins = threading.Barrier(2)

    def edit() -> float:
        begins.wait()
        time.sleep(moment)
        stage.edit(field, value)
        return time.monotonic()

    with ThreadPoolExecutor(1) as person:
        edited = person.submit(edit)
        begins.wait()
        results = attempt(stage, number)
        edited.result()
    found = asyncio.run(stage.helpdesk.look(stage.ticket))
    assert isinstance(found, Seen)
    stage.helpdesk.close()
    *_, recorded = (one.outcome for one in results if one.target == field)
    return Trial(
        ticket=stage.ticket,
        field=field,
        edited=value,
        holds=found.fields[field],
        recorded=recorded,
    )


def first_to_set(server: Rt | Tracker, trials: Sequence[Trial]) -> dict[str, str | None]:
    """Of each trial's ticket, by its helpdesk's own history: who set the field first."""
    if isinstance(server, Rt):
        return {one.ticket: _first_in_rt(server, one) for one in trials}
    histories = server.histories([one.ticket for one in trials])
    names = {one.ticket: server.config.fields[one.field].name for one in trials}  # type: ignore[index]
    return {
        issue: next((who for who, before in steps if names[issue] in before), None)
        for issue, steps in histories.items()
    }


def _first_in_rt(server: Rt, trial: Trial) -> str | None:
    stage = RtStage(server, ExternalId(trial.ticket))
    found = next((one.author for one in stage.page().history if one.field == trial.field), None)
    stage.helpdesk.close()
    return found


def run(kind: str, times: int, seed: int) -> dict[str, object]:
    """So many trials; figures for people and scripts."""
    chance = Random(seed)
    with served(kind) as server:
        began = time.monotonic()
        for number in range(3):
            attempt(staged(server), -number - 1)
        takes = (time.monotonic() - began) / 3
        draws = [Random(chance.random()) for _ in range(times)]
        found = list[Trial]()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for trial in pool.map(lambda n: once(server, n, draws[n], takes), range(times)):
                found.append(trial)
                sys.stderr.write(
                    f"\r{len(found)} of {times}, {sum(t.is_lost for t in found)} lost "
                )
        first = first_to_set(server, found)
    late = {ticket for ticket, who in first.items() if who == "triage-fleet"}
    return {
        "helpdesk": kind,
        "seed": seed,
        "times": len(found),
        "write_seconds": round(takes, 3),
        "edit_came_first": len(found) - len(late),
        "edit_came_after_ours": len(late),
        "lost": sum(one.is_lost for one in found),
        "untold": sum(one.recorded == "applied" for one in found if one.ticket not in late),
        "recorded": dict(Counter(str(one.recorded) for one in found)),
        "fields": dict(Counter(one.field for one in found)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("rt", "roundup"))
    parser.add_argument("--times", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    document = run(asked.kind, asked.times, asked.seed)
    sys.stdout.write(f"{json.dumps(document, indent=1)}\n")
    sys.exit(1 if document["lost"] or document["untold"] else 0)
