"""The priority policy: what is expected for an issue type, with this customer's facts."""

from dataclasses import dataclass

from config.taxonomy import IssueType, Taxonomy
from tasks.facts import Facts
from tasks.ticket import Ticket

MOST_URGENT, LEAST_URGENT = 1, 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Expected:
    """The priority that the policy expects, the band a model may choose from, and why."""

    priority: int
    most_urgent: int
    least_urgent: int
    rule: str

    def allows(self, priority: int) -> bool:
        """Whether a model may say so."""
        return self.most_urgent <= priority <= self.least_urgent


def expected(issue: IssueType, ticket: Ticket, facts: Facts) -> Expected:
    """What the policy expects for this customer, counted from the day of the ticket.

    Where a fact could not be had, or is old, the band is the expected value alone: validation is
    stricter by what nobody knows.
    """
    policy = issue.priority
    tier = facts.customer_tier
    priority = {"basic": policy.basic, "plus": policy.plus, "business": policy.business}[tier]
    rule = [f"{issue.name} for {tier} is {priority}"]
    if any(issue.name in incident.issue_types for incident in facts.incidents):
        priority -= policy.incident_steps
        rule.append(f"open incident -{policy.incident_steps}")
    if _renews_soon(ticket, facts, policy.renewal_days):
        priority -= policy.renewal_steps
        rule.append(f"renewal within {policy.renewal_days} days -{policy.renewal_steps}")
    priority = max(MOST_URGENT, priority)
    spread = 0 if facts.doubts else policy.spread
    if facts.doubts:
        rule.append(f"and no other: {', '.join(facts.doubts)}")
    return Expected(
        priority=priority,
        most_urgent=max(MOST_URGENT, priority - spread),
        least_urgent=min(LEAST_URGENT, priority + spread),
        rule=", ".join(rule),
    )


def expected_for_all(taxonomy: Taxonomy, ticket: Ticket, facts: Facts) -> dict[str, Expected]:
    """The expected priority of every issue type, by name."""
    return {issue.name: expected(issue, ticket, facts) for issue in taxonomy.issue_types}


def _renews_soon(ticket: Ticket, facts: Facts, days: int) -> bool:
    if facts.account is None or facts.account.renewal_at is None:
        return False
    return 0 <= (facts.account.renewal_at - ticket.created_at.date()).days <= days
