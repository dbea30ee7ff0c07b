"""A person decides where no machine did: what becomes of their word. Pure."""

from dataclasses import dataclass

from config.policy import Policy
from config.taxonomy import IssueType, Taxonomy
from tasks.case import Answer, Classified, Enriched, Validated
from tasks.decision import Choice, Decision, Escalation
from tasks.proposal import Proposal, Rules, last_said, why_none
from tasks.run import Run
from tasks.verdict import Verdict

NOBODY = "none"
"""In place of a criterion: nobody is called."""

TAKES_VALUES = "`triage review correct` takes values"


class Objection(str):
    """Why that cannot be decided, in words for whoever asked; holds nothing of the ticket."""

    __slots__ = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What a person says; None: nothing of that. `escalate` is a criterion's id, or NOBODY."""

    issue_type: str | None = None
    priority: int | None = None
    queue: str | None = None
    escalate: str | None = None


def accepted(
    proposal: Proposal | None, wishes: Wishes, rules: Rules, by: str
) -> Decision | Objection:
    """The proposal as it is. An escalation that nothing proves is left out, unless it is wished."""
    if proposal is None:
        return Objection(f"{why_none(rules.case.received.answers)}: {TAKES_VALUES}")
    if proposal.issue is None or proposal.objections:
        return Objection(f"{'; '.join(proposal.objections)}: {TAKES_VALUES}")
    queue = proposal.issue.queue
    values = _Values(issue=proposal.issue, priority=proposal.verdict.priority, queue=queue)
    return _decided(values, wishes.escalate, proposal, rules, by)


def corrected(
    proposal: Proposal | None, wishes: Wishes, rules: Rules, by: str
) -> Decision | Objection:
    """A person's values; what they left out is the proposal's where it holds, else the policy's."""
    issue = _issue(proposal, wishes, rules.taxonomy)
    if isinstance(issue, Objection):
        return issue
    known = queues(rules.taxonomy)
    if wishes.queue is not None and wishes.queue not in known:
        return Objection(f"{wishes.queue!r} is no queue of the taxonomy: {', '.join(known)}")
    priority = wishes.priority or _priority(proposal, issue, rules)
    values = _Values(issue=issue, priority=priority, queue=wishes.queue or issue.queue)
    return _decided(values, wishes.escalate, proposal, rules, by)


def queues(taxonomy: Taxonomy) -> tuple[str, ...]:
    """Every queue that a person may choose: those of the issue types, and people's own."""
    named = (*(issue.queue for issue in taxonomy.issue_types), taxonomy.fallback_queue)
    return tuple(dict.fromkeys(named))


def is_live(decision: Decision, taxonomy: Taxonomy) -> bool:
    """Whether every value of it may still be written; a person may choose any of the queues."""
    issue = taxonomy.issue_type(decision.issue_type)
    called = decision.escalation
    return (
        issue is not None
        and decision.queue in (queues(taxonomy) if decision.by else (issue.queue,))
        and (called is None or taxonomy.criterion(called.criterion) is not None)
    )


def to_be_written(case: Enriched, decision: Decision) -> Validated:
    """What a person has decided, also where no answer of a model can be read."""
    answers = case.received.answers
    verdict, answer = last_said(answers) or (_unsaid(decision), _unasked(case))
    said = Classified(enriched=case, verdict=verdict, answer=answer, answers=answers)
    return Validated(classified=said, decision=decision)


def holds_until(run: Run, case: object, policy: Policy, now: float) -> float | None:
    """When people have it anyway, if nobody decides; epoch seconds. None: at once.

    A ticket by which the model would have called somebody does not wait for anybody's turn.
    """
    calls = isinstance(case, Classified) and case.verdict.escalate
    seconds = policy.review.hand_over_seconds.of(run.customer_tier)
    return None if calls or seconds == 0 or run.is_backfill else now + seconds


def would_call(case: object, taxonomy: Taxonomy, policy: Policy) -> str | None:
    """That the model would have called somebody, and why; None: it would not, or was not asked."""
    if not isinstance(case, Classified) or not case.verdict.escalate:
        return None
    issue = taxonomy.issue_type(case.verdict.issue_type)
    rules = Rules(taxonomy=taxonomy, policy=policy, case=case.enriched)
    proof = rules.escalation(case.verdict, issue) if issue else None
    if isinstance(proof, Escalation):
        return f"it would escalate this by {proof.criterion}"
    return "it would escalate this, which is not proven"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Values:
    issue: IssueType
    priority: int
    queue: str


def _issue(proposal: Proposal | None, wishes: Wishes, taxonomy: Taxonomy) -> IssueType | Objection:
    names = ", ".join(taxonomy.names)
    if wishes.issue_type is None:
        proposed = proposal.issue if proposal else None
        return proposed or Objection(f"name the issue type: {names}")
    found = taxonomy.issue_type(wishes.issue_type)
    return found or Objection(f"{wishes.issue_type!r} is no issue type: {names}")


def _priority(proposal: Proposal | None, issue: IssueType, rules: Rules) -> int:
    """That of the proposal goes with its issue type: another one has a priority of its own."""
    band = rules.expects(issue)
    if proposal is None or proposal.issue != issue:
        return band.priority
    said = proposal.verdict.priority
    return said if band.allows(said) else band.priority


def _decided(
    values: _Values, wished: str | None, proposal: Proposal | None, rules: Rules, by: str
) -> Decision | Objection:
    """With whoever is called; a draft is kept only where it was written for this issue type."""
    called = _called(values.issue, wished, proposal, rules)
    if isinstance(called, Objection):
        return called
    is_meant = proposal is not None and proposal.issue == values.issue
    decision = Decision(
        issue_type=values.issue.name,
        priority=values.priority,
        queue=values.queue,
        escalation=called,
        draft=proposal.draft if proposal and is_meant else None,
        choices=(),
        by=by,
    )
    return decision.model_copy(update={"choices": _choices(decision, proposal)})


def _called(
    issue: IssueType, wished: str | None, proposal: Proposal | None, rules: Rules
) -> Escalation | Objection | None:
    if wished is None:
        proven = rules.escalation(proposal.verdict, issue) if proposal else None
        return proven if isinstance(proven, Escalation) else None
    if wished == NOBODY:
        return None
    if rules.taxonomy.criterion(wished) is None:
        known = ", ".join(criterion.id for criterion in rules.taxonomy.criteria)
        return Objection(f"{wished!r} is no criterion: {known}, or {NOBODY}")
    quote = rules.quote(wished, proposal.verdict, issue) if proposal else ""
    return Escalation(criterion=wished, quote=quote)


def _choices(decision: Decision, proposal: Proposal | None) -> tuple[Choice, ...]:
    """Each with what was proposed instead, if that was something else."""
    proposed = proposal.values if proposal else {}
    return tuple(
        Choice(
            field=field,
            chosen=value,
            runner_up=proposed[field] if proposed.get(field, value) != value else None,
            rule=f"{decision.by}, in review",
        )
        for field, value in decision.fields().items()
    )


def _unsaid(decision: Decision) -> Verdict:
    """In place of one where none can be read."""
    return Verdict(
        issue_type=decision.issue_type,
        priority=decision.priority,
        escalate=False,
        evidence=(),
        reason="",
        draft=None,
    )


def _unasked(case: Enriched) -> Answer:
    """In place of one where none can be read: by no model."""
    return Answer(model="", tier=case.tier, question="", text="", finish_reason="")
