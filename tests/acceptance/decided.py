"""Tickets that were decided, without a fleet that takes its time for each."""

from collections.abc import Sequence

from tasks.events import Body, Event, Kind
from tasks.facts import Account, Facts
from tasks.journey import advance
from tasks.ports.ledger import Change, Claim, Intent
from tasks.run import Outcome, Run
from tests.acceptance.fleet import Place, a_line
from tests.ledgers import ME
from worker.ledgers.labelling import How, Label

BASIC = Facts(fetched_at=0.0, account=Account(customer_id="C-77", plan="basic", tier="basic"))


def decided(
    place: Place,
    *tickets: str,
    issue_type: str = "card",
    priority: int = 3,
    queue: str = "cards",
    ago: float = 3_600.0,
    lines: Sequence[str] = (),
) -> list[Run]:
    """These tickets as written so long ago, all of them alike; their queue is in the helpdesk."""
    place.take_in(*(lines or (a_line(name, f"Where is card {name}?") for name in tickets)))
    shop, runs = place.shop, [place.run(name) for name in tickets]
    at = shop.clock.now() - ago
    claims = [Claim(run=run.id, send_n=run.send_n, owner=ME) for run in runs]
    claimed = [one.run for one in shop.ledger.claim(claims, at) if one]
    validated: Body = {
        "issue_type": issue_type,
        "priority": priority,
        "queue": queue,
        "escalated": None,
        "choices": [],
    }
    of = {"model": "openai/one", "prompt": "classify-1"}
    said: Body = {"agrees": True, "wrong": [], "model": "gemini/judge", "issue_type": issue_type}
    judged: tuple[Kind, Body] = (Kind.JUDGED, {**said, "of": of, "question": "1"})
    changes = [
        _change(place, run, [judged, (Kind.VALIDATED, validated), WRITTEN], at, queue)
        for run in claimed
    ]
    assert all(shop.ledger.commit(changes))
    return [change.after for change in changes]


WRITTEN: tuple[Kind, Body] = (Kind.WRITTEN, {"outcome": Outcome.APPLIED, "results": {}})


def _change(
    place: Place, run: Run, steps: Sequence[tuple[Kind, Body]], at: float, queue: str
) -> Change:
    after, events = run, []
    for kind, body in steps:
        event = Event(run=run.id, seq=after.seq + 1, at=at, kind=kind, body=body)
        after = advance(after, event)
        events.append(event)
    key = place.shop.ledger.key(run.requester)
    assert key
    facts = place.shop.vault.seal(BASIC.as_json(), run=run.id, name="facts.3", key=key, at=at)
    write = Intent(
        key=f"tf-{run.id}:queue",
        run=run.id,
        target="queue",
        before=None,
        wanted=queue,
        outcome="applied",
        holds=queue,
        seq=after.seq,
    )
    return Change(before=run, after=after, events=tuple(events), bodies=(facts,), writes=(write,))


def say(place: Place, run: Run, how: How, truth: str, **more: str) -> None:
    """Somebody says what its queue, or another field, should be."""
    field, by = more.get("field", "queue"), more.get("by", "ada")
    values = {"issue_type": run.issue_type, "priority": str(run.priority), "queue": run.queue}
    place.shop.ledger.label(
        [
            Label(
                run=run.id,
                field=field,
                how=how,
                said=values[field],
                truth=truth,
                by=by,
                at=place.shop.clock.now(),
            )
        ]
    )
