"""Stage 3: does the answer mean anything? Only a value of the live taxonomy passes."""

from collections.abc import Mapping

from config.taxonomy import IssueType
from config.tiers import TierName
from tasks.autonomy import Surety, freed, sureties
from tasks.case import Answer, Classified, Validated
from tasks.causes import Cause, ReviewReason
from tasks.decision import Choice, Decision, Escalation
from tasks.desk import Desk
from tasks.detour import Detour, GiveUp, NeedsHuman, Promote
from tasks.draft import objection
from tasks.escalation import Unproven, prove
from tasks.instructions import is_named_in, talks_to_a_machine
from tasks.judgement import Judgement
from tasks.judging import Ruling, judged
from tasks.ports.model import Signals
from tasks.priority import Expected, expected
from tasks.routing import next_tier


async def validate(case: Classified, desk: Desk) -> Validated | Detour:
    """The case with values that may be written; else dearer models, people or the dead letters."""
    verdict = case.verdict
    issue = desk.taxonomy.issue_type(verdict.issue_type)
    if issue is None:
        return _wrong(case, desk, Cause.OFF_LIST, "issue_type is not in the taxonomy")
    band = expected(issue, case.enriched.ticket, case.enriched.facts)
    if not band.allows(verdict.priority):
        why = f"priority is outside {band.most_urgent} to {band.least_urgent} ({band.rule})"
        return _wrong(case, desk, Cause.PRIORITY_OUTSIDE_POLICY, why)
    escalation = _escalation(case, issue, desk)
    if isinstance(escalation, Unproven):
        return _wrong(case, desk, Cause.UNPROVEN_ESCALATION, escalation)
    signals = case.answer.signals
    if signals is not None and signals.abstains is not None:
        return _unsure(case, desk, signals.abstains)
    sure = await sureties(case.answer, desk)
    if sure["issue_type"].fails:
        return _unsure(case, desk, sure["issue_type"].words)
    decision = freed(_decide(case, issue, band, escalation, desk, sure), sure, desk)
    return await _heard(case, decision, desk)


async def _heard(case: Classified, decision: Decision, desk: Desk) -> Validated | Detour:
    """The judge, where one has to be asked."""
    match await judged(case, decision, desk):
        case None:
            return Validated(classified=case, decision=decision)
        case Ruling(judgement=Judgement(agrees=True)) as ruling:
            return Validated(
                classified=case, decision=decision.told("judge", "agrees", ruling.words)
            )
        case Ruling() as ruling:
            return _disputed(case, desk, ruling.words)
        case elsewhere:
            return elsewhere


def _escalation(case: Classified, issue: IssueType, desk: Desk) -> Escalation | Unproven | None:
    """The first piece of evidence counts; every piece must hold, or none is believed."""
    if not case.verdict.escalate:
        return None
    least = desk.policy.quote_words
    ticket = case.enriched.ticket
    proofs = [
        prove(piece, ticket, issue, desk.taxonomy, least_words=least)
        for piece in case.verdict.evidence
    ]
    broken = next((proof for proof in proofs if isinstance(proof, Unproven)), None)
    if broken is not None:
        return broken
    return proofs[0] if proofs else Unproven("it escalates without evidence")


def _decide(
    case: Classified,
    issue: IssueType,
    band: Expected,
    escalation: Escalation | None,
    desk: Desk,
    sure: Mapping[str, Surety],
) -> Decision:
    verdict, signals = case.verdict, case.answer.signals
    draft = verdict.draft if verdict.draft and verdict.draft.strip() else None
    broken = objection(draft, case.enriched.ticket, desk.policy) if draft else None
    choices = [
        Choice(
            field="issue_type",
            chosen=issue.name,
            runner_up=_runner_up(issue.name, signals),
            rule=_said_by(case.answer, sure["issue_type"]),
        ),
        Choice(
            field="priority",
            chosen=str(verdict.priority),
            runner_up=None if verdict.priority == band.priority else str(band.priority),
            rule=f"policy expects {band.priority}: {band.rule}",
        ),
        Choice(field="queue", chosen=issue.queue, runner_up=None, rule=f"queue of {issue.name}"),
    ]
    if escalation:
        rule = "criterion proven by the customer's own words"
        choices.append(
            Choice(field="escalated", chosen=escalation.criterion, runner_up=None, rule=rule)
        )
    if broken:
        choices.append(Choice(field="draft", chosen="withheld", runner_up=None, rule=broken))
    return Decision(
        issue_type=issue.name,
        priority=verdict.priority,
        queue=issue.queue,
        escalation=escalation,
        draft=None if broken else draft,
        choices=tuple(choices),
    )


def _runner_up(chosen: str, signals: Signals | None) -> str | None:
    if signals is None:
        return None
    return next((name for name, _ in signals.ranking if name != chosen), None)


def _said_by(answer: Answer, sure: Surety) -> str:
    """Who says so, how sure it is, and for whom it stands in where its tier was degraded."""
    degraded = f"; degraded: it {answer.stands_in}" if answer.stands_in else ""
    says = ":" if answer.signals else " says so;"
    return f"{answer.model}{says} {sure.words}{degraded}"


def _wrong(case: Classified, desk: Desk, cause: Cause, why: str) -> Detour:
    """Right shape, wrong values: promoted once, then a dead letter. Never the helpdesk.

    A ticket that may have talked its model into them is no dead letter: a person reads it.
    """
    dearer = _promotion(case, desk, desk.policy.asking.promotions_semantic)
    if dearer:
        return Promote(tier=dearer, why=f"{case.answer.model}: {why}")
    if sign := _talked_into(case, cause, desk):
        why = f"{case.answer.model}: {why}, and the ticket may be why: {sign}"
        return NeedsHuman(reason=ReviewReason.INSTRUCTED, why=why)
    return GiveUp(cause=cause, why=f"{case.answer.model}: {why}")


def _talked_into(case: Classified, cause: Cause, desk: Desk) -> str | None:
    ticket = case.enriched.ticket
    if cause is Cause.OFF_LIST and is_named_in(case.verdict.issue_type, ticket):
        return "it names that itself"
    return talks_to_a_machine(ticket, desk.policy.signs)


def _unsure(case: Classified, desk: Desk, why: str) -> Detour:
    dearer = _promotion(case, desk, len(desk.tiers.tiers))
    if dearer:
        return Promote(tier=dearer, why=f"{case.answer.model}: {why}")
    out_of_scope = why.startswith("out of scope")
    reason = ReviewReason.OUT_OF_SCOPE if out_of_scope else ReviewReason.UNSURE
    return NeedsHuman(reason=reason, why=f"{case.answer.model}: {why}")


def _disputed(case: Classified, desk: Desk, why: str) -> Detour:
    """The judge disagrees: a dearer model is asked, and at the top a person."""
    dearer = _promotion(case, desk, len(desk.tiers.tiers))
    if dearer:
        return Promote(tier=dearer, why=why)
    return NeedsHuman(reason=ReviewReason.DISPUTED, why=why)


def _promotion(case: Classified, desk: Desk, most: int) -> TierName | None:
    """The next dearer tier with a model not yet asked, while fewer than `most` were made."""
    made = len({answer.tier for answer in case.answers}) - 1
    asked = frozenset(answer.model for answer in case.answers)
    dearer = next_tier(case.answer.tier, asked, desk.tiers)
    return dearer if made < most else None
