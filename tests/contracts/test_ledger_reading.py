"""What every ledger answers when it is asked."""

from dataclasses import fields, replace
from itertools import islice

import pytest

from tasks.ports.ledger import Filter, Intent
from tasks.run import Run, RunId, State
from tests.contracts.journeys import ANSWERED, CLASSIFIED, VALIDATED
from tests.ledgers import (
    BURIED,
    ENRICHED,
    IN_REVIEW,
    WAITING,
    WRITTEN,
    a_change,
    a_queued,
    a_running,
    a_text,
    an_arrival,
    claim_all,
    move,
    take_in,
)
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger


def _found(ledger: SqlLedger, wanted: Filter) -> list[RunId]:
    return [run.id for run in ledger.runs(wanted)]


def _asked(wanted: Filter) -> str:
    given = {f.name: getattr(wanted, f.name) for f in fields(wanted)}
    return " ".join(f"{name}={value}" for name, value in given.items() if value) or "anything"


@pytest.fixture
def some(ledger: SqlLedger) -> dict[str, Run]:
    """A run in each state, told apart by their names; oldest first."""
    names = ("queued", "running", "waiting", "in_review", "written", "dead")
    arrivals = [
        an_arrival(name, at=NOON + 100 * number, requester=f"requester {number}")
        for number, name in enumerate(names)
    ]
    queued, *others = take_in(ledger, *arrivals)
    running, waiting, in_review, written, dead = claim_all(ledger, *others)
    steps = (ENRICHED, ANSWERED, CLASSIFIED, VALIDATED, WRITTEN)
    return {
        "queued": queued,
        "running": running,
        "waiting": move(ledger, waiting, WAITING),
        "in_review": move(ledger, in_review, ENRICHED, ANSWERED, IN_REVIEW),
        "written": move(ledger, written, *steps),
        "dead": move(ledger, dead, ENRICHED, BURIED),
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Filter(), ["queued", "running", "waiting", "in_review", "written", "dead"]),
        (Filter(states=(State.WAITING, State.DEAD)), ["waiting", "dead"]),
        (Filter(queue="cards"), ["written"]),
        (Filter(tier="premium"), []),
        (Filter(requester="requester 2"), ["waiting"]),
        (Filter(prompt="classify@2"), ["in_review", "written"]),
        (Filter(model="m/1", states=(State.IN_REVIEW,)), ["in_review"]),
        (Filter(reason="retry"), ["waiting"]),
        (Filter(stage="enrich"), ["queued", "running", "waiting"]),
        (Filter(since=NOON + 300), ["in_review", "written", "dead"]),
        (Filter(until=NOON + 99), ["queued", "running", "waiting", "in_review", "written", "dead"]),
        (Filter(until=NOON), ["queued", "running"]),
        (Filter(limit=2), ["queued", "running"]),
        (Filter(states=(State.DROPPED,)), []),
    ],
    ids=lambda value: _asked(value) if isinstance(value, Filter) else f"finds {len(value)}",
)
def test_a_filter_finds_what_it_means_oldest_first(
    ledger: SqlLedger, some: dict[str, Run], wanted: Filter, names: list[str]
) -> None:
    assert list(ledger.runs(wanted)) == [some[name] for name in names]
    assert _found(ledger, replace(wanted, since=NOON + 1e6)) == []


def test_a_run_is_found_by_its_id_and_a_ticket_by_its_name(ledger: SqlLedger) -> None:
    runs = take_in(
        ledger,
        an_arrival("T-1", says="one"),
        an_arrival("T-1", says="two"),
        an_arrival("T-1", source="file:elsewhere"),
        an_arrival("T-2"),
    )
    assert ledger.named(runs[0].id) == [runs[0]]
    assert ledger.named("T-1") == [runs[2], runs[1], runs[0]]
    assert ledger.named("T-3") == []
    assert ledger.run(RunId("T-1")) is None


def test_what_older_revisions_wrote_is_found(ledger: SqlLedger) -> None:
    names = (("T-1", "a"), ("T-1", "b"), ("T-1", "c"), ("T-2", "a"))
    runs = []
    for name, text in names:
        [run] = claim_all(ledger, *take_in(ledger, an_arrival(name, says=text)))
        runs.append(run)
        write = Intent(key=run.id, run=run.id, target="queue", before=None, wanted="cards")
        assert ledger.commit([a_change(run, ENRICHED, WRITTEN, writes=(write,))]) == [True]
    first, second, third, _ = runs
    assert [write.run for write in ledger.earlier_writes(third)] == [first.id, second.id]
    assert ledger.earlier_writes(first) == []


def test_many_runs_are_read_page_by_page(ledger: SqlLedger) -> None:
    for _ in range(5):
        take_in(ledger, *(an_arrival() for _ in range(1_000)))
    reading = ledger.runs(Filter())
    first = list(islice(reading, 10))
    later = a_queued(ledger)
    rest = list(reading)
    assert len(first) + len(rest) == 5_000
    assert later not in rest, "it is one snapshot"
    assert [run.id for run in first + rest] == sorted(run.id for run in first + rest)


def test_nobody_needs_to_read_to_the_end(ledger: SqlLedger) -> None:
    take_in(ledger, *(an_arrival() for _ in range(1_500)))
    begun = [next(ledger.runs(Filter())) for _ in range(20)]  # more than there are connections
    assert len(set(begun)) == 1
    assert a_queued(ledger).state is State.QUEUED


def test_the_texts_of_a_run_are_found_by_name(ledger: SqlLedger) -> None:
    run = a_running(ledger)
    bodies = (a_text(run.id, "facts.3", b"facts"), a_text(run.id, "answer.4", b"answer"))
    ledger.commit([a_change(run, ENRICHED, bodies=bodies)])
    assert [body.name for body in ledger.bodies(run.id)] == ["answer.4", "facts.3", "ticket"]
    assert list(ledger.bodies(run.id, ["facts.3", "nothing"])) == [bodies[0]]
    assert list(ledger.bodies(run.id, [])) == []
    assert list(ledger.bodies(RunId("nobody"))) == []
