"""What may surprise whoever decides: what is written is not all that they may think, or is more."""

from collections.abc import Iterator, Mapping, Sequence

from config.mode import Mode
from tasks.escalation import Unproven
from tasks.ports.helpdesk import Gone, Seen
from tasks.proposal import Proposal
from tasks.review import Wishes
from worker.operating.reviewing import Opened, Planned, Reviewer


def remarks(by: Reviewer, opened: Opened, wishes: Wishes, planned: Planned) -> list[str]:
    """In words, the most surprising first. Raises LedgerDown."""
    return [*_of_values(by, opened, wishes, planned), *_of_mode(by, opened)]


def held(seen: Seen | Gone | None, kept: Mapping[str, str | None]) -> list[str]:
    """What the helpdesk has to say to it."""
    if seen is None:
        return ["the helpdesk does not answer: what a person has set there meanwhile stays"]
    if isinstance(seen, Gone):
        return [f"{seen.why}: nothing is written there"]
    return [
        f"{name.replace('_', ' ')} stays {value or 'empty'}: a person has chosen it"
        for name, value in kept.items()
    ]


def _of_values(by: Reviewer, opened: Opened, wishes: Wishes, planned: Planned) -> Iterator[str]:
    proposal, decision = opened.proposal, planned.decision
    if decision is None:
        return
    if wishes.escalate is None and decision.escalation is None and proposal:
        yield from (f"nobody is called: {why}" for why in _uncalled(proposal))
    if proposal and proposal.withheld and not decision.draft:
        yield f"the draft is left out: {proposal.withheld}"
    issue = by.config.taxonomy.issue_type(decision.issue_type)
    band = opened.rules.expects(issue) if issue else None
    if band and not band.allows(decision.priority):
        expected = f"{band.most_urgent} to {band.least_urgent}"
        yield f"priority {decision.priority} is outside what policy allows: {expected}"
    called = decision.escalation.criterion if decision.escalation else None
    if issue and called and called not in issue.criteria:
        yield f"{called} is no criterion of {issue.name}: {_listed(issue.criteria)}"


def _of_mode(by: Reviewer, opened: Opened) -> Iterator[str]:
    mode = {one.name: one.mode for one in by.ledger.sources()}.get(opened.run.source)
    if mode is Mode.SUGGEST:
        yield "its source is in suggest: a note says it, and no field is set"
    if mode is Mode.SHADOW:
        yield "its source is in shadow: nothing is written in the helpdesk"


def _listed(criteria: Sequence[str]) -> str:
    return f"it has {', '.join(criteria) or 'none'}"


def _uncalled(proposal: Proposal) -> list[str]:
    if not proposal.verdict.escalate:
        return []
    does = "`--escalate CRITERION` calls somebody all the same"
    why = proposal.escalation
    shown = why if isinstance(why, Unproven) else "its escalation is not one of this issue type"
    return [f"the model would call somebody, and {shown}; {does}"]
