"""One question to one model: let through, paid for, asked once, written down."""

import json
from dataclasses import dataclass, replace

from tasks import prompt
from tasks.accounts import account_of, midnight_after
from tasks.budget import what_is_used_up
from tasks.case import Answer, Enriched
from tasks.causes import ReviewReason, WaitReason
from tasks.desk import Desk
from tasks.detour import Degrade, NeedsHuman, Wait
from tasks.errors import TriageError
from tasks.events import Kind
from tasks.money import bound, cost_of, cost_of_failure
from tasks.ports.guards import Ended, Errand, Permit
from tasks.ports.model import Question, Reply
from tasks.recorded import recorded
from tasks.routing import cheaper_tier
from tasks.waypoints import Waypoint, passing


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A question that is about to be asked, and what it may come to."""

    asked: Question
    case: Enriched
    stands_in: str | None  # for whom, and why; None: it is the tier's own choice
    most: int  # millionths of a dollar


Unasked = Wait | NeedsHuman | Degrade
"""Where a ticket goes whose question nobody may pay for."""


async def ask(
    asked: Question, case: Enriched, desk: Desk, *, stands_in: str | None = None
) -> Answer | Unasked:
    """The answer, in the ledger before anybody reads it. Raises what guards and models raise."""
    model = desk.tiers.model(asked.model)
    call = Call(asked=asked, case=case, stands_in=stands_in, most=bound(asked, model.price))
    if model.is_local:
        return await _answered(call, await desk.models.ask(asked), desk, Permit())
    run = desk.journal.run
    if used := what_is_used_up(run, call.most, desk.limits.run):
        return NeedsHuman(reason=ReviewReason.UNFINISHED, why=used)
    until = desk.patience.until(asked)
    errand = Errand(
        upstream=model.dependency,
        credential=model.credential,
        model=model.name,
        tokens=prompt.likely_tokens(asked),
        is_retry=run.attempts > 0,
        whose=run.id,
        lane=case.tier,
    )
    async with desk.guards.admit(errand) as permit:
        if not await _reserved(call, desk, permit):
            permit.ended, permit.tokens = Ended.CANCELLED, 0
            return _closed(call, desk)
        try:
            # Money takes its time, in a rush most of all, and so does litellm.
            reply = await _in_time(replace(asked, until=until), desk, permit)
        except TriageError as error:
            permit.tell(error)
            await _unanswered(call, error, desk, permit)
            raise
        permit.ended, permit.tokens = Ended.SUCCESS, _tokens(reply)
        return await _answered(call, reply, desk, permit)


async def _in_time(asked: Question, desk: Desk, permit: Permit) -> Reply:
    try:
        return await desk.models.ask(asked, permit.look)
    finally:
        desk.patience.heard()


async def _reserved(call: Call, desk: Desk, permit: Permit) -> bool:
    """The most that it may cost is set aside; False where the day has not so much left."""
    body = {
        "model": call.asked.model,
        "tier": call.case.tier,
        "purpose": call.asked.purpose,
        "question": prompt.digest(call.asked),
        "attempt": desk.journal.run.attempts + 1,
        "reserved": call.most,
        "account": account_of(desk.clock.now(), call.case.tier),
        "guards": dict(permit.standing),
    }
    return await desk.journal.reserve(Kind.ASKING, body)


def _closed(call: Call, desk: Desk) -> Unasked:
    """The tier has spent its day: a cheaper one, where that is allowed and was not asked yet."""
    tier = call.case.tier
    why = f"the day's money of {tier} or of the fleet is spent (triage spend)"
    asked = frozenset(answer.model for answer in call.case.received.answers)
    cheaper = cheaper_tier(tier, asked, desk.tiers) if desk.limits.caps.cheaper_tier else None
    if cheaper:
        return Degrade(tier=cheaper, why=why)
    return Wait(
        until=midnight_after(desk.clock.now()),
        reason=WaitReason.MONEY,
        why=why,
        spends_attempt=False,
        waits_for=f"money:{tier}",
    )


async def _answered(call: Call, reply: Reply, desk: Desk, permit: Permit) -> Answer:
    passing(Waypoint.ASKED)
    asked = call.asked
    answer = Answer(
        model=asked.model,
        tier=call.case.tier,
        question=prompt.digest(asked),
        text=reply.text,
        finish_reason=reply.finish_reason,
        refusal=reply.refusal,
        signals=reply.signals,
        measured=reply.measured,
        stands_in=call.stands_in,
        placeholders=asked.placeholders,
    )
    price = desk.tiers.model(asked.model).price
    body = _account(answer, reply) | {
        "micro_usd": cost_of(reply, price, call.most),
        "prompt": asked.prompt,
        "purpose": asked.purpose,
        "context": {name: told._asdict() for name, told in asked.sections.items()},
        "attempt": desk.journal.run.attempts + 1,
        "guards": dict(permit.standing),
    }
    texts = {"answer": answer.text, "question": recorded(asked), **_now_and_then(answer)}
    await desk.journal.record(Kind.ANSWERED, body, texts=texts)
    return answer


async def _unanswered(call: Call, error: TriageError, desk: Desk, permit: Permit) -> None:
    """What came instead of an answer, and what it has cost as far as anybody knows."""
    body = {
        "model": call.asked.model,
        "tier": call.case.tier,
        "question": prompt.digest(call.asked),
        "prompt": call.asked.prompt,
        "purpose": call.asked.purpose,
        "attempt": desk.journal.run.attempts + 1,
        "error": type(error).__name__,
        "why": str(error),
        "micro_usd": cost_of_failure(error, call.most),
        "guards": dict(permit.standing),
    }
    await desk.journal.record(Kind.UNANSWERED, body, texts={"question": recorded(call.asked)})


def _account(answer: Answer, reply: Reply) -> dict[str, object]:
    """What the ledger says of one call: numbers and names, nothing of what was said."""
    return {
        "model": answer.model,
        "model_answered": reply.model_answered,
        "stands_in": answer.stands_in,
        "tier": answer.tier,
        "question": answer.question,
        "finish_reason": answer.finish_reason,
        "refused": answer.refusal is not None,
        "input_tokens": reply.usage.input_tokens,
        "cached_tokens": reply.usage.cached_tokens,
        "output_tokens": reply.usage.output_tokens,
        "usage_reported": reply.usage.reported,
        "latency_seconds": round(reply.latency_seconds, 4),
        "measured": {name: round(value, 6) for name, value in answer.measured.items()},
        "signals": None
        if answer.signals is None
        else {
            "confidence": answer.signals.confidence,
            "threshold": answer.signals.threshold,
            "abstains": answer.signals.abstains,
            "ranking": [list(pair) for pair in answer.signals.ranking[:3]],
        },
    }


def _tokens(reply: Reply) -> int | None:
    usage = reply.usage
    return usage.input_tokens + usage.output_tokens if usage.reported else None


def _now_and_then(answer: Answer) -> dict[str, str]:
    """Texts that not every answer has: why it was refused, and what its placeholders stand for.

    These are kept with it, for a later version may number them otherwise.
    """
    refusal = {} if answer.refusal is None else {"refusal": answer.refusal}
    values = answer.placeholders
    return refusal | ({"placeholders": json.dumps({**values})} if values else {})
