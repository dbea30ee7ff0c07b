"""Which tier a ticket goes to: the first rule in config all of whose conditions hold."""

from dataclasses import dataclass

from config.tiers import TIERS, Rule, TierName, Tiers
from tasks.facts import Facts
from tasks.ports.facts import CustomerFacts
from tasks.ticket import Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A tier, and the reason that config gives for it."""

    tier: TierName
    why: str


def route(ticket: Ticket, facts: Facts | None, tiers: Tiers) -> Route:
    """The tier for this ticket; before enrichment `facts` is None and no rule on facts holds."""
    for rule in tiers.rules:
        if _holds(rule, ticket, facts):
            return Route(tier=rule.tier, why=rule.why)
    return Route(tier=tiers.default, why=tiers.tier(tiers.default).why)


def route_at_once(ticket: Ticket, source: CustomerFacts, tiers: Tiers) -> Route:
    """The tier as far as it is known without asking anybody: where a new ticket waits its turn.

    Behind a flood of cheap tickets, a dear one that had to be enriched first would drown.
    """
    known = source.at_hand(ticket.requester)
    if known is None:
        return route(ticket, None, tiers)
    is_open = (incident for incident in known.incidents if incident.open_at(ticket.created_at))
    facts = Facts(fetched_at=0, account=known.account, incidents=tuple(is_open))
    return route(ticket, facts, tiers)


def _holds(rule: Rule, ticket: Ticket, facts: Facts | None) -> bool:
    return (
        _of_facts(rule, facts)
        and (rule.longer_than is None or sum(map(len, ticket.said())) > rule.longer_than)
        and (rule.language is None or ticket.language in rule.language)
        and (rule.channel is None or ticket.channel in rule.channel)
    )


def _of_facts(rule: Rule, facts: Facts | None) -> bool:
    if rule.customer_tier is None and rule.open_incident is None:
        return True
    if facts is None:
        return False
    tier_fits = rule.customer_tier is None or facts.customer_tier in rule.customer_tier
    return tier_fits and rule.open_incident in (None, bool(facts.incidents))


def next_tier(tier: TierName, asked: frozenset[str], tiers: Tiers) -> TierName | None:
    """The next dearer tier that holds a model not yet asked in this run; None at the top."""
    dearer = TIERS[TIERS.index(tier) + 1 :]
    return next((name for name in dearer if fresh_model(name, asked, tiers)), None)


def fresh_model(tier: TierName, asked: frozenset[str], tiers: Tiers) -> str | None:
    """The tier's first model that was not asked yet; None where all were."""
    return next((model for model in tiers.tier(tier).models if model not in asked), None)
