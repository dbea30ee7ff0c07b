"""Stage 2: ask one model once, and keep only an answer of the right shape."""

from config.tiers import TierName
from tasks import prompt
from tasks.case import Answer, Classified, Enriched
from tasks.causes import ReviewReason
from tasks.desk import Desk
from tasks.detour import Detour, NeedsHuman, Promote
from tasks.events import Kind
from tasks.ports.model import Question, Reply
from tasks.routing import fresh_model, next_tier
from tasks.verdict import Misshapen, Verdict
from tasks.waypoints import Waypoint, passing

REFUSALS = frozenset({"content_filter", "refusal"})
TRUNCATED = "length"


async def classify(case: Enriched, desk: Desk) -> Classified | Detour:
    """The case with a verdict; asked once more, with the error shown, when its shape is wrong."""
    answers = case.received.answers
    asked = _first_question(case, desk)
    problem = Misshapen("it was never asked")
    for _ in range(desk.policy.asking.malformed_asks):
        answer = _recorded(asked, answers)
        if answer is None:
            answer = await _ask(asked, case.tier, desk)
            answers = (*answers, answer)
        if answer.refusal is not None or answer.finish_reason in REFUSALS:
            return NeedsHuman(reason=ReviewReason.REFUSED, why=f"{answer.model} refused to answer")
        read = read_verdict(answer)
        if isinstance(read, Verdict):
            return Classified(enriched=case, verdict=read, answer=answer, answers=answers)
        problem = read
        asked = prompt.corrected(asked, answer.text, problem)
    return _unfinished(case, answers, problem, desk)


def read_verdict(answer: Answer) -> Verdict | Misshapen:
    """The verdict in a recorded answer, or what is wrong with its shape."""
    if answer.finish_reason == TRUNCATED:
        return Misshapen("the answer was cut off before its end")
    return Verdict.parse(answer.text)


def _first_question(case: Enriched, desk: Desk) -> Question:
    """To the tier's first model that no cheaper tier has already asked about this ticket."""
    elsewhere = frozenset(a.model for a in case.received.answers if a.tier != case.tier)
    name = fresh_model(case.tier, elsewhere, desk.tiers) or desk.tiers.tier(case.tier).models[0]
    return prompt.question(
        case.ticket,
        case.facts,
        prompt=desk.prompt,
        taxonomy=desk.taxonomy,
        model=desk.tiers.model(name),
    )


def _recorded(asked: Question, answers: tuple[Answer, ...]) -> Answer | None:
    """What this model already answered to this very question: nothing is paid for twice."""
    digest = prompt.digest(asked)
    return next((answer for answer in answers if answer.question == digest), None)


async def _ask(asked: Question, tier: TierName, desk: Desk) -> Answer:
    """One request. Its answer is in the ledger before anybody reads it."""
    reply = await desk.models.ask(asked)
    passing(Waypoint.ASKED)
    answer = Answer(
        model=asked.model,
        tier=tier,
        question=prompt.digest(asked),
        text=reply.text,
        finish_reason=reply.finish_reason,
        refusal=reply.refusal,
        signals=reply.signals,
    )
    cost = desk.tiers.model(asked.model).price.micro_usd(
        input_tokens=reply.usage.input_tokens,
        cached_tokens=reply.usage.cached_tokens,
        output_tokens=reply.usage.output_tokens,
    )
    await desk.journal.record(
        Kind.ANSWERED,
        _account(answer, reply, cost) | {"prompt": desk.prompt.version},
        texts={"answer": answer.text, "question": _asked_text(asked), **_refused(answer)},
    )
    return answer


def _account(answer: Answer, reply: Reply, cost: int) -> dict[str, object]:
    """What the ledger says of one call: numbers and names, nothing of what was said."""
    return {
        "model": answer.model,
        "model_answered": reply.model_answered,
        "tier": answer.tier,
        "question": answer.question,
        "finish_reason": answer.finish_reason,
        "refused": answer.refusal is not None,
        "input_tokens": reply.usage.input_tokens,
        "cached_tokens": reply.usage.cached_tokens,
        "output_tokens": reply.usage.output_tokens,
        "usage_reported": reply.usage.reported,
        "latency_seconds": round(reply.latency_seconds, 4),
        "micro_usd": cost,
        "signals": None
        if answer.signals is None
        else {
            "confidence": answer.signals.confidence,
            "threshold": answer.signals.threshold,
            "abstains": answer.signals.abstains,
            "ranking": [list(pair) for pair in answer.signals.ranking[:3]],
        },
    }


def _asked_text(asked: Question) -> str:
    return "\n\n".join(f"[{message.role}]\n{message.content}" for message in asked.messages)


def _refused(answer: Answer) -> dict[str, str]:
    return {} if answer.refusal is None else {"refusal": answer.refusal}


def _unfinished(
    case: Enriched, answers: tuple[Answer, ...], problem: Misshapen, desk: Desk
) -> Detour:
    """Promoted while there is a dearer model to ask, then a person."""
    tiers_asked = {answer.tier for answer in answers}
    dearer = next_tier(case.tier, frozenset(a.model for a in answers), desk.tiers)
    why = f"{answers[-1].model} gave no answer of the right shape ({problem})"
    if dearer and len(tiers_asked) <= desk.policy.asking.promotions_malformed:
        return Promote(tier=dearer, why=why)
    return NeedsHuman(reason=ReviewReason.UNFINISHED, why=why)
