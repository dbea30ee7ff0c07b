"""What a poll would bring and what would become of it, without anything being kept or written."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from config.mode import Mode
from tasks.case import Classified, Enriched, Received, Validated, Written
from tasks.desk import Desk, Past
from tasks.detour import Degrade, Detour, Drop, GiveUp, NeedsHuman, Promote, Wait
from tasks.errors import OperatorError, TriageError
from tasks.images import images
from tasks.intake import Malformed, parse_ticket
from tasks.pipeline import Ready, step
from tasks.ports.helpdesk import Seen
from tasks.ports.inbox import Inbox, Message
from tasks.run import RunId
from tasks.ticket import Ticket
from worker.compose import Shop
from worker.desks import desk_with
from worker.operating.replay import Scrap


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One ticket, and what would become of it.

    `would`: "write", "suggest", "nothing", or where it would go instead. `fields`: each with what
    it holds now and what it would hold; `kept` are those that a person has chosen.
    """

    ticket: str
    would: str
    why: str
    fields: Mapping[str, tuple[str | None, str]]
    kept: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """As docs/interface.md promises it to scripts."""
        return {
            "ticket": self.ticket,
            "would": self.would,
            "why": self.why,
            "fields": [
                {"field": name, "holds": now, "would_hold": now if name in self.kept else then}
                for name, (now, then) in self.fields.items()
            ],
            "kept": list(self.kept),
        }


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of the first so many, and what asking about them has cost."""

    tried: tuple[Tried, ...]
    known: int
    micro_usd: int


async def trial(shop: Shop, inbox: Inbox, *, limit: int, afresh: bool) -> Trial:
    """The first `limit` new tickets, as far as `validate`. It costs what their models cost.

    Raises SourceDown, RefusedToStart.
    """
    position = None if afresh else shop.ledger.cursor(inbox.name)
    messages = _messages(inbox, position or inbox.start(), limit)
    scrap, tried, known = Scrap(), list[Tried](), 0
    async with desk_with(shop, scrap, shop.config.tiers) as desk:
        while len(tried) < limit and (message := next(messages, None)):
            found = await _look_at(shop, message, desk)
            if found is None:
                known += 1
            else:
                tried.append(found)
    return Trial(tried=tuple(tried), known=known, micro_usd=scrap.micro_usd)


def _messages(inbox: Inbox, position: str | None, limit: int) -> Iterator[Message]:
    """Page after page, each read when somebody asks for more. Raises SourceDown."""
    more = True
    while more:
        page = inbox.read(position, limit=limit)
        yield from page.messages
        position, more = page.position, page.more


async def _look_at(shop: Shop, message: Message, desk: Desk) -> Tried | None:
    """None for a ticket that was taken in with these very words."""
    ticket = parse_ticket(message.raw, body_bytes=shop.config.settings.intake.body_bytes)
    if isinstance(ticket, Malformed):
        return _elsewhere(ticket.external_id or "?", "dead", f"{ticket.cause}: {ticket.why}")
    if any(
        run.source == message.source and run.digest == ticket.digest()
        for run in shop.ledger.named(ticket.id)
    ):
        return None
    return await _try(ticket, replace(desk, mode=_mode(shop, message.source)))


def _mode(shop: Shop, source: str) -> Mode:
    """As far as that source may go, or would with its first poll."""
    said = {one.name: one.mode for one in shop.ledger.sources()}
    is_new = shop.config.helpdesk.remote is not None and shop.ledger.cursor(source) is None
    first = shop.config.settings.first_day.mode if is_new else Mode.AUTO
    return said.get(source, first)


async def _try(ticket: Ticket, desk: Desk) -> Tried:
    try:
        came = await _decide(ticket, desk)
        if isinstance(came, Validated):
            return await _written(came, desk)
    except OperatorError:
        raise
    except TriageError as error:
        return _elsewhere(ticket.id, "wait", str(error))
    match came:
        case NeedsHuman():
            return _elsewhere(ticket.id, "review", f"{came.reason}: {came.why}")
        case GiveUp() | Drop():
            return _elsewhere(ticket.id, "dead", f"{came.cause}: {came.why}")
        case Wait():
            return _elsewhere(ticket.id, "wait", f"{came.reason}: {came.why}")
        case _:
            message = f"{ticket.id} came to {type(came).__name__}"
            raise AssertionError(message)


async def _decide(ticket: Ticket, desk: Desk) -> Validated | Detour:
    """Through the pipeline up to the write, promoted on the way as a worker would."""
    case: Ready = Received(run=RunId("dry-run"), tier=desk.tiers.default, ticket=ticket)
    while not isinstance(case, Validated):
        came = await step(case, desk)
        if isinstance(came, Promote | Degrade):
            case = _promoted(case, came)
        elif isinstance(came, Enriched | Classified | Validated):
            case = came
        else:
            assert not isinstance(came, Received | Written)  # noqa: S101 - no stage before `write` gives it
            return came
    return case


def _promoted(case: Ready, to: Promote | Degrade) -> Enriched:
    """The same ticket before a dearer tier's models."""
    assert isinstance(case, Enriched | Classified)  # noqa: S101 - no other stage promotes
    enriched = case.enriched if isinstance(case, Classified) else case
    answers = case.answers if isinstance(case, Classified) else enriched.received.answers
    received = replace(enriched.received, tier=to.tier, answers=answers)
    return replace(enriched, received=received, tier=to.tier)


async def _written(case: Validated, desk: Desk) -> Tried:
    """What the helpdesk holds, and what would be put there."""
    wanted = case.decision.fields()
    if refused := await desk.helpdesk.refuses(case.ticket.id, wanted):
        return _elsewhere(
            case.ticket.id, "dead", f"helpdesk_refused: {'; '.join(refused.values())}"
        )
    seen = await desk.helpdesk.look(case.ticket.id)
    held = seen.fields if isinstance(seen, Seen) else {}
    may_hold = images(case.ticket, Past(key=""))
    kept = tuple(
        name
        for name, value in wanted.items()
        if held.get(name) not in {value, None, *may_hold[name]}
    )
    would = {Mode.AUTO: "write", Mode.SUGGEST: "suggest", Mode.SHADOW: "nothing"}[desk.mode]
    first = next(iter(case.decision.choices))
    return Tried(
        ticket=case.ticket.id,
        would=would,
        why=first.rule,
        fields={name: (held.get(name), value) for name, value in wanted.items()},
        kept=kept,
    )


def _elsewhere(ticket: str, where: str, why: str) -> Tried:
    return Tried(ticket=ticket, would=where, why=why, fields={}, kept=())
