"""Every fault of the policy's table, with many tickets each: states, causes, requests, helpdesk."""

from collections import Counter
from collections.abc import Sequence

from tasks.events import Kind
from tasks.run import Run, State
from tests.acceptance.failure_policy import MOST_REQUESTS, TABLE, Row
from tests.acceptance.patience import until
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import Casting, Stage, staged

TICKETS = 200
NEARLY = 0.95
"""Of them wait; the others are just being tried."""

LONG = frozenset({"huge"})
"""Two hundred times five megabytes are not read in half a second."""

UNSETTLED = (State.QUEUED, State.RUNNING, State.WAITING)
RETRIES = "[retries]\nfloor = 100000\n"
"""Each fault is to be met by each ticket as often as its own budget lets it."""


def faults(pace: Pace, *, seed: int) -> dict[str, object]:
    """What came of each, by name."""
    quick = [row for row in TABLE if row.fault not in LONG]
    slow = [row for row in TABLE if row.fault in LONG]
    found = {**_rows(pace, seed, quick, timeout=0.5), **_rows(pace, seed, slow, timeout=10.0)}
    return {
        "tickets_each": TICKETS,
        "faults": len(found),
        "wrong": {name: one["wrong"] for name, one in found.items() if one["wrong"]},
        "by_fault": found,
    }


def _rows(
    pace: Pace, seed: int, rows: Sequence[Row], *, timeout: float
) -> dict[str, dict[str, object]]:
    """A fleet for these, one after the other."""
    casting = Casting(latency="0.05-0.15", timeout=timeout)
    with staged(casting, pace, seed=seed, guards=RETRIES) as stage:
        return {row.fault: _one(stage, row) for row in rows}


def _one(stage: Stage, row: Row) -> dict[str, object]:
    before = len(stage.provider.log)
    stage.provider.play(row.fault)
    names = stage.bring(TICKETS)
    wrong = []
    if row.waits:
        until(lambda: _met(stage, names, row, before) > NEARLY * TICKETS and stage.show(), 120)
        wrong += [str(run.reason) for run in stage.runs(names) if run.state is State.DEAD]
        stage.provider.play("ok")
    stage.settle(300)
    runs = stage.runs(names)
    asked = Counter(one.ticket for one in stage.provider.log.since(before))
    most = MOST_REQUESTS if row.waits else row.requests
    often = [run for run in runs if asked[run.external_id] > most]
    late = {run.external_id: _timeouts(stage, run) for run in often}
    wrong += [f"{run.state} {run.reason}" for run in runs if not _as_promised(run, row)]
    for name, number in late.items():
        if asked[name] > min(most + number, MOST_REQUESTS):
            wrong.append(f"{name} was asked about {asked[name]} times")
    wrong += ["requests about no ticket"] if asked[None] > most else []
    wrong += [] if stage.place.shop.ledger.books().balanced else ["the books"]
    wrong += [f"{run.external_id}: {shown}" for run in runs if (shown := _shown(stage, run))]
    return {
        "states": dict(Counter(f"{run.state} {run.reason or ''}".strip() for run in runs)),
        "requests": sum(asked.values()),
        "most_requests": max(asked.values(), default=0),
        "too_late_for_us": sum(late.values()),
        "wrong": dict(Counter(wrong)),
    }


def _timeouts(stage: Stage, run: Run) -> int:
    """How often it gave an answer up that came too late, on a busy machine: another row's fault."""
    return sum(
        event.kind is Kind.UNANSWERED and "TimeoutError" in str(event.body["why"])
        for event in stage.place.shop.ledger.events(run.id)
    )


def _met(stage: Stage, names: Sequence[str], row: Row, before: int) -> int:
    """How many wait for it, or have been asked about and are being tried again.

    On a slow machine the first ones are through with a wait of 5 s before the last ones begin it.
    """
    asked = {one.ticket for one in stage.provider.log.since(before)}
    return sum(
        (run.state is State.WAITING and run.reason in row.waits)
        or (run.state in UNSETTLED and run.external_id in asked)
        for run in stage.runs(names)
    )


def _as_promised(run: Run, row: Row) -> bool:
    return (run.state, run.reason) == (row.state, row.reason)


def _shown(stage: Stage, run: Run) -> str | None:
    """What is wrong in the helpdesk: nothing but what was decided may stand there."""
    shown = stage.place.shop.sandbox.show(run.external_id)
    if shown is None:
        return "is not there"
    known = {issue.name for issue in stage.place.shop.config.taxonomy.issue_types}
    held = shown.fields["issue_type"]
    wanted = run.issue_type if run.state is State.WRITTEN else None
    return None if held == wanted and (held is None or held in known) else f"holds {held!r}"


def is_well(found: dict[str, object]) -> bool:
    """Whether everything is as the table says."""
    return not found["wrong"]
