"""Tickets that wait for a person, without a fleet that takes its time for each."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from tasks.case import Answer
from tasks.causes import ReviewReason
from tasks.chronicle import Entry, handed_over, handing_over, of_case, of_detour
from tasks.detour import Detour, NeedsHuman
from tasks.errands.hand_over import HandedOver, hand_over_key
from tasks.events import Kind
from tasks.facts import Account, Facts
from tasks.ports.helpdesk import Seen
from tasks.ports.ledger import Intent
from tasks.ports.model import Signals
from tasks.run import Run
from tests.acceptance.fleet import Place, a_line
from tests.house.shapes import differences, promised
from tests.twins.ticket import an_answer, enriched
from worker.carrying.notebook import change_of

CARD = Signals(confidence=0.48, threshold=0.9, ranking=(("card", 0.48), ("cash", 0.39)))
STRANGE = Signals(
    confidence=0.97,
    threshold=0.885,
    ranking=(("card", 0.97),),
    abstains="out of scope: familiarity 0.42 is below 0.65",
)
BASIC = Facts(fetched_at=0.0, account=Account(customer_id="C-77", plan="basic", tier="basic"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Then:
    """A clock that stands."""

    at: float

    def now(self) -> float:
        """Always the same."""
        return self.at


def unsure(until: float | None = None) -> NeedsHuman:
    """Why most of them wait."""
    return NeedsHuman(
        reason=ReviewReason.UNSURE, why="confidence 0.480 is below 0.900", until=until
    )


def waiting(
    place: Place,
    ticket: str,
    text: str = "",
    *,
    ago: float = 60.0,
    detour: Detour | None = None,
    signals: Signals | None = CARD,
    model: str = "openai/one",
    **line: Any,  # noqa: ANN401 - a line's own
) -> Run:
    """Such a ticket; `text` is what the model has said of it, if it was asked."""
    place.take_in(a_line(ticket, "My card has not come, help me please.", **line))
    run, shop = place.run(ticket), place.shop
    asked = replace(an_answer(text, signals=signals), model=model)
    facts = of_case(enriched(facts=BASIC), shop.config.taxonomy)
    entries = (
        Entry(kind=Kind.CLAIMED, body={"owner": "a-test-1", "fence": run.fence + 1}),
        facts,
        *((_answered(asked),) if text else ()),
        *of_detour(detour or unsure(), replace(run, stage="validate" if text else "classify")),
    )
    key, then = shop.ledger.key(run.requester), Then(at=shop.clock.now() - ago)
    change = change_of(run, entries, key, vault=shop.vault, clock=then)  # type: ignore[arg-type]
    assert shop.ledger.commit([change]) == [True]
    return change.after


def handed(place: Place, run: Run) -> Run:
    """The same after nobody had decided in time: it is in the fallback queue."""
    shop, key = place.shop, f"{hand_over_key(run.ticket, run.digest)}:queue"
    queue = shop.config.taxonomy.fallback_queue

    async def move() -> None:
        seen = await shop.helpdesk.look(run.external_id)
        assert isinstance(seen, Seen)
        values = {"queue": queue}
        name = key.removesuffix(":queue")
        await shop.helpdesk.set_fields(run.external_id, values, key=name, version=seen.version)

    asyncio.run(move())
    wrote = Intent(
        key=key, run=run.id, target="queue", before=None, wanted=queue, outcome="applied"
    )
    back = {"state": run.state, "stage": run.stage, "reason": run.reason, "why": run.why}
    entries = (handing_over(run, "a test"), handed_over(HandedOver(results=(wrote,)), back))
    change = change_of(run, entries, None, vault=shop.vault, clock=shop.clock)
    assert shop.ledger.commit([change]) == [True]
    return change.after


def written(place: Place, ticket: str) -> Run:
    """The same after it was written as a person has decided."""
    run, shop = place.run(ticket), place.shop
    entries = (
        Entry(kind=Kind.CLAIMED, body={"owner": "a-test-1", "fence": run.fence + 1}),
        Entry(kind=Kind.WRITTEN, body={"outcome": "applied", "results": {}}),
    )
    change = change_of(run, entries, None, vault=shop.vault, clock=shop.clock)
    assert shop.ledger.commit([change]) == [True]
    return change.after


def sheet(place: Place, ticket: str, **without: None) -> Any:  # noqa: ANN401 - a document
    """The document about it, which is as promised; where something is null there is no more."""
    found = place.ask("review", "show", ticket, "--json").json()
    assert {name: found[name] for name in without} == without
    shape = promised()["triage review show ID --json"]
    told = differences(found, shape)
    assert [one for one in told if one not in {f"it.{name} is None" for name in without}] == []
    return found


def _answered(answer: Answer) -> Entry:
    signals = answer.signals
    body = {
        "model": answer.model,
        "tier": answer.tier,
        "question": answer.question,
        "prompt": "classify-1",
        "stands_in": None,
        "finish_reason": "stop",
        "refused": False,
        "micro_usd": 0,
        "measured": {},
        "signals": signals
        and {
            "confidence": signals.confidence,
            "threshold": signals.threshold,
            "abstains": signals.abstains,
            "ranking": signals.ranking,
        },
    }
    return Entry(kind=Kind.ANSWERED, body=body, texts={"answer": answer.text})
