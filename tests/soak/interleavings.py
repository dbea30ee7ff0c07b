"""A person edits while we write, a thousand times: `python -m tests.soak.interleavings rt`.

The moment of the edit is drawn anew each time, over all of the time that a write takes. By the
helpdesk's own history a person's value has to be what the field holds in the end, and what we
recorded of it has to say so.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from random import Random

from tasks.case import Validated, Written
from tasks.decision import Choice, Decision
from tasks.desk import Desk, Past
from tasks.errors import HelpdeskDown
from tasks.events import Kind
from tasks.ports.helpdesk import Seen
from tasks.ports.ledger import Intent
from tasks.ticket import Ticket
from tasks.write import write
from tests.contracts.stages import RoundupStage, RtStage
from tests.soak.later import look_later
from tests.soak.sites import Kind as Which
from tests.soak.sites import Site, served
from tests.twins.desk import Office
from tests.twins.journal import RecordingJournal
from tests.twins.ticket import a_ticket, validated
from worker.clock import SystemClock

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
TRIES = 3
CLOCK = SystemClock()
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
    later: bool  # put back only when it was looked at once more

    @property
    def is_lost(self) -> bool:
        """Whether the field does not hold what the person chose."""
        return self.holds != self.edited


def read(stage: Stage) -> Ticket:
    """As intake reads it: what it holds now no person has chosen."""
    seen = asyncio.run(stage.helpdesk.look(stage.ticket))
    assert isinstance(seen, Seen)
    held = {name: value for name, value in seen.fields.items() if value is not None}
    return a_ticket(fields=held).model_copy(update={"id": stage.ticket})


def attempt(stage: Stage, ticket: Ticket, number: int) -> tuple[Intent, ...]:
    """We write, as a worker does."""
    return asyncio.run(_attempt(stage, ticket, number))


async def _attempt(stage: Stage, ticket: Ticket, number: int) -> tuple[Intent, ...]:
    case: Validated = validated(WANTED, ticket)
    past, tries = Past(key=f"tf-{number}"), 0
    while True:
        journal = RecordingJournal(before=past)
        desk: Desk = replace(Office().desk, helpdesk=stage.helpdesk, journal=journal)
        try:
            found = await write(case, desk)
        except HelpdeskDown:  # a server says so of itself now and then, and a worker comes back
            past, tries = _meant_by(journal, past), tries + 1
            if tries == TRIES:
                raise
            continue
        assert isinstance(found, Written), found
        return found.results


def _meant_by(journal: RecordingJournal, before: Past) -> Past:
    """What the next attempt knows of one that has ended, the helpdesk having settled since."""
    meant = [entry.writes for entry in journal.entries if entry.kind is Kind.INTENDED]
    own = meant[-1] if meant else before.own
    return replace(before, own=own, sent_until=CLOCK.now() if own else None, has_settled=True)


def once(site: Site, number: int, chance: Random, takes: float) -> Trial:
    """One trial."""
    stage = site.stage()
    ticket = read(stage)  # before anybody edits: what was edited before, intake leaves out
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
        results = attempt(stage, ticket, number)
        edited.result()
    later = {one.target for one in look_later(stage.helpdesk, stage.ticket, results)}
    found = asyncio.run(stage.helpdesk.look(stage.ticket))
    assert isinstance(found, Seen)
    stage.helpdesk.close()
    *_, recorded = (one.outcome for one in results if one.target == field)
    return Trial(
        ticket=stage.ticket,
        field=field,
        edited=value,
        holds=found.fields[field],
        recorded="kept" if field in later else recorded,
        later=field in later,
    )


def first_to_set(site: Site, trials: Sequence[Trial]) -> dict[str, str | None]:
    """Of each trial's ticket, by its helpdesk's own history: who set the field first."""
    pages = site.pages([one.ticket for one in trials])
    return {
        one.ticket: next(
            (step.author for step in pages[one.ticket].history if step.field == one.field), None
        )
        for one in trials
    }


def _told(site: Site, one: Trial) -> dict[str, object]:
    """What the helpdesk's own history says of a trial that went wrong."""
    page = site.pages([one.ticket])[one.ticket]
    steps = [step for step in page.history if step.field == one.field]
    return {
        "trial": asdict(one),
        "history": [(step.author, step.before, step.after) for step in steps],
    }


def run(kind: Which, times: int, seed: int) -> dict[str, object]:
    """So many trials; figures for people and scripts."""
    chance = Random(seed)
    with served(kind) as site:
        began = time.monotonic()
        for number in range(3):
            stage = site.stage()
            attempt(stage, read(stage), -number - 1)
        takes = (time.monotonic() - began) / 3
        draws = [Random(chance.random()) for _ in range(times)]
        found = list[Trial]()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for trial in pool.map(lambda n: once(site, n, draws[n], takes), range(times)):
                found.append(trial)
                sys.stderr.write(
                    f"\r{len(found)} of {times}, {sum(t.is_lost for t in found)} lost "
                )
        first = first_to_set(site, found)
        lost = [_told(site, one) for one in found if one.is_lost]
    late = {ticket for ticket, who in first.items() if who == "triage-fleet"}
    return {
        "helpdesk": kind,
        "seed": seed,
        "times": len(found),
        "write_seconds": round(takes, 3),
        "edit_came_first": len(found) - len(late),
        "edit_came_after_ours": len(late),
        "put_back_later": sum(one.later for one in found),
        "lost": len(lost),
        "examples": lost[:5],
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
