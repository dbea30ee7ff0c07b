"""What a model has proposed for a run that a person is to decide about, and what speaks against it.

Pure, and by the rules of today: what was outside of them then may be within them now.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from config.policy import Policy
from config.taxonomy import IssueType, Taxonomy
from tasks.case import Answer, Enriched
from tasks.classify import read_verdict
from tasks.decision import Escalation
from tasks.draft import objection
from tasks.escalation import Unproven, prove
from tasks.priority import LEAST_URGENT, MOST_URGENT, Expected, expected
from tasks.verdict import Evidence, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """By which a ticket is judged, and what is known of it."""

    taxonomy: Taxonomy
    policy: Policy
    case: Enriched

    def expects(self, issue: IssueType) -> Expected:
        """The priority that the policy expects, and the band around it."""
        return expected(issue, self.case.ticket, self.case.facts)

    def escalation(self, verdict: Verdict, issue: IssueType) -> Escalation | Unproven | None:
        """As validation sees it: every piece of evidence holds, or none is believed."""
        if not verdict.escalate:
            return None
        proofs = [self._proof(piece, issue) for piece in verdict.evidence]
        broken = next((proof for proof in proofs if isinstance(proof, Unproven)), None)
        return broken or (proofs[0] if proofs else Unproven("it escalates without evidence"))

    def quote(self, criterion: str, verdict: Verdict, issue: IssueType) -> str:
        """The customer's words by which that answer proves it; none: empty."""
        pieces = (piece for piece in verdict.evidence if piece.criterion == criterion)
        proofs = (self._proof(piece, issue) for piece in pieces)
        return next((proof.quote for proof in proofs if isinstance(proof, Escalation)), "")

    def _proof(self, piece: Evidence, issue: IssueType) -> Escalation | Unproven:
        words = self.policy.quote_words
        return prove(piece, self.case.ticket, issue, self.taxonomy, least_words=words)


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """The last answer that can be read. `issue` and `band` are None where its type is on no list.

    `draft` is a reply that people may be shown, `withheld` the rule that another one breaks.
    """

    verdict: Verdict
    answer: Answer
    issue: IssueType | None
    band: Expected | None
    escalation: Escalation | Unproven | None
    draft: str | None
    withheld: str | None

    @property
    def objections(self) -> tuple[str, ...]:
        """Why it cannot be written as it is; free of the ticket's text and of the model's."""
        if self.issue is None or self.band is None:
            return ("its issue type is not in the taxonomy",)
        if self.band.allows(self.verdict.priority):
            return ()
        low, high = self.band.most_urgent, self.band.least_urgent
        return (f"its priority is outside {low} to {high} ({self.band.rule})",)

    @property
    def values(self) -> dict[str, str]:
        """Field -> value, of those that could have been written at all."""
        if self.issue is None:
            return {}
        said = {"issue_type": self.issue.name, "queue": self.issue.queue}
        if MOST_URGENT <= self.verdict.priority <= LEAST_URGENT:
            said["priority"] = str(self.verdict.priority)
        if isinstance(self.escalation, Escalation):
            said["escalated"] = self.escalation.criterion
        return said

    @property
    def runners_up(self) -> tuple[tuple[str, float], ...]:
        """The other issue types with their shares, where these were measured."""
        signals = self.answer.signals
        ranking = signals.ranking if signals else ()
        return tuple((name, share) for name, share in ranking if name != self.verdict.issue_type)


def propose(rules: Rules) -> Proposal | None:
    """What there is to accept; None where no answer of this run can be read."""
    said = last_said(rules.case.received.answers)
    if said is None:
        return None
    verdict, answer = said
    issue = rules.taxonomy.issue_type(verdict.issue_type)
    draft = verdict.draft if verdict.draft and verdict.draft.strip() else None
    withheld = objection(draft, rules.case.ticket, rules.policy) if draft else None
    return Proposal(
        verdict=verdict,
        answer=answer,
        issue=issue,
        band=rules.expects(issue) if issue else None,
        escalation=rules.escalation(verdict, issue) if issue else None,
        draft=None if withheld else draft,
        withheld=withheld,
    )


def why_none(answers: Sequence[Answer]) -> str:
    """Why nothing is proposed, where these are all the answers that there are."""
    return "no answer of a model can be read" if answers else "no model has answered"


def last_said(answers: Sequence[Answer]) -> tuple[Verdict, Answer] | None:
    """The last of them that is a verdict, whatever it is worth; what a model refuses is none."""
    meant = (one for one in reversed(answers) if not _refuses(one))
    read = ((read_verdict(answer), answer) for answer in meant)
    return next(((said, by) for said, by in read if isinstance(said, Verdict)), None)


def _refuses(answer: Answer) -> bool:
    return answer.is_refused
