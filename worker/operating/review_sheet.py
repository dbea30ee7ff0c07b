"""What a person sees who decides: a row for each ticket that waits, and one page about one."""

from collections.abc import Mapping

from config.alerts import Alerts
from tasks.conversation import conversation
from tasks.decision import Escalation
from tasks.events import Kind
from tasks.facts import Facts
from tasks.ports.helpdesk import Gone, Seen
from tasks.ports.model import Signals
from tasks.priority import Expected
from tasks.proposal import Proposal, Rules, why_none
from tasks.review import queues
from tasks.run import Run
from worker.operating.left_alone import Left
from worker.operating.moments import iso
from worker.operating.reviewing import Opened, Reviewer

Document = dict[str, object]


def row(run: Run, since: float, reviewer: Reviewer) -> Document:
    """One ticket of the list; `since` it waits for a person, in epoch seconds."""
    found = _row(run, since, reviewer.open(run), reviewer.config.alerts)
    return found | {"returned": run.handed_at is not None and reviewer.has_returned(run)}


def _row(run: Run, since: float, opened: Opened | Left, alerts: Alerts) -> Document:
    proposal = opened.proposal if isinstance(opened, Opened) else None
    values: Mapping[str, object] = proposal.values if proposal else {}
    return {
        "run": run.id,
        "ticket": run.external_id,
        "source": run.source,
        "customer_tier": run.customer_tier,
        "since": iso(since),
        "until": iso(run.due_at),
        "handed_at": iso(run.handed_at),
        "reason": run.reason,
        "why": run.why,
        "issue_type": values.get("issue_type"),
        "priority": proposal.verdict.priority if proposal and "priority" in values else None,
        "queue": values.get("queue"),
        "escalated": values.get("escalated"),
        "owner": alerts.owner_of(proposal.issue.name if proposal and proposal.issue else None),
    }


def sheet(opened: Opened, reviewer: Reviewer, seen: Seen | Gone | None) -> Document:
    """All of it: what stopped it, what was said, what is known, and what was proposed.

    `seen`: as it stands in the helpdesk, None where that does not answer.
    """
    found = _row(opened.run, opened.since, opened, reviewer.config.alerts)
    for name in ("issue_type", "priority", "queue", "escalated"):
        found.pop(name)
    return found | {
        "decided": reviewer.left(opened.run),
        "holds": dict(seen.fields) if isinstance(seen, Seen) else None,
        "gone": seen.why if isinstance(seen, Gone) else None,
        "revision": opened.run.revision,
        "requester": opened.ticket.requester.model_dump(mode="json"),
        "subject": opened.ticket.subject,
        "messages": _messages(opened),
        "facts": _facts(opened.rules.case.facts, reviewer.clock.now()),
        "proposal": _proposal(opened.proposal, _prompt(opened)) if opened.proposal else None,
        "no_proposal": None if opened.proposal else why_none(opened.rules.case.received.answers),
        "choices": _choices(opened.rules),
    }


def _choices(rules: Rules) -> Document:
    """What `triage review correct` takes, with the priority that is each type's own here."""
    taxonomy = rules.taxonomy
    return {
        "issue_types": [
            {"name": one.name, "queue": one.queue, **_band(rules.expects(one))}
            | {"criteria": list(one.criteria)}
            for one in taxonomy.issue_types
        ],
        "queues": list(queues(taxonomy)),
        "criteria": [one.id for one in taxonomy.criteria],
    }


def _band(expected: Expected) -> Document:
    return {
        "priority": expected.priority,
        "most_urgent": expected.most_urgent,
        "least_urgent": expected.least_urgent,
        "rule": expected.rule,
    }


def _prompt(opened: Opened) -> object:
    """The version that the proposal's answer was given to."""
    said = opened.proposal.answer.question if opened.proposal else None
    answered = (e.body for e in reversed(opened.events) if e.kind is Kind.ANSWERED)
    return next((body["prompt"] for body in answered if body["question"] == said), None)


def _messages(opened: Opened) -> list[Document]:
    """In the order in which they were said."""
    said = conversation(opened.ticket)
    return [
        {"author": turn.author, "at": turn.at.isoformat() if turn.at else None, "body": turn.body}
        for turn in (*said.earlier, said.newest, *said.later)
    ]


def _facts(facts: Facts, now: float) -> Document:
    found = facts.model_dump(mode="json")
    kinds = ("account", "billing", "incidents", "interactions")
    return {
        "age_seconds": max(0.0, round(now - facts.fetched_at, 1)),
        **{kind: found[kind] for kind in kinds},
        "unavailable": dict(facts.unavailable),
        "stale": dict(facts.stale),
    }


def _beside(signals: Signals) -> str | None:
    """Why the model abstains, where that is something else than its confidence."""
    return signals.abstains if signals.confidence >= signals.threshold else None


def _proposal(proposal: Proposal, prompt: object) -> Document:
    verdict, answer = proposal.verdict, proposal.answer
    signals = answer.signals
    escalation = proposal.escalation
    return {
        "issue_type": verdict.issue_type,
        "priority": verdict.priority,
        "queue": proposal.issue.queue if proposal.issue else None,
        "escalate": verdict.escalate,
        "evidence": [{"criterion": e.criterion, "quote": e.quote} for e in verdict.evidence],
        "unproven": str(escalation)
        if escalation is not None and not isinstance(escalation, Escalation)
        else None,
        "objections": list(proposal.objections),
        "confidence": signals.confidence if signals else None,
        "threshold": signals.threshold if signals else None,
        "abstains": _beside(signals) if signals else None,
        "runners_up": [{"issue_type": name, "share": share} for name, share in proposal.runners_up],
        "reason": verdict.reason,
        "draft": verdict.draft,
        "withheld": proposal.withheld,
        "model": answer.model,
        "tier": answer.tier,
        "stands_in": answer.stands_in,
        "prompt": prompt,
    }
