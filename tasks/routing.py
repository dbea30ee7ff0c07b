"""Which tier a ticket goes to: the first rule in config all of whose conditions hold."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from config.tiers import TIERS, CustomerTier, Rule, TierName, Tiers
from tasks.facts import AtHand, Facts
from tasks.ports.facts import CustomerFacts
from tasks.ticket import Ticket


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A tier, and the reason that config gives for it."""

    tier: TierName
    why: str
    customer_tier: CustomerTier | None = None  # None: nobody knows yet


def route(ticket: Ticket, facts: Facts | None, tiers: Tiers) -> Route:
    """The tier for this ticket; where `facts` is None no rule on facts holds."""
    return _route(ticket, _found(facts) if facts else None, tiers)


def route_at_once(ticket: Ticket, source: CustomerFacts, tiers: Tiers) -> Route:
    """The tier as far as it is known without asking anybody: where a new ticket waits its turn.

    Behind a flood of cheap tickets, a dear one that had to be enriched first would drown.
    """
    found = source.at_hand(ticket.requester)
    return _route(ticket, found and _known(found, ticket.created_at), tiers)


class _Known(NamedTuple):
    """What rules on facts ask for."""

    customer_tier: CustomerTier | None  # None: nobody could say
    in_incident: bool | None  # as above


def _found(facts: Facts) -> _Known:
    """A source that is away says neither that a customer is a basic one nor that all is well."""
    return _Known(
        None if "account" in facts.unavailable else facts.customer_tier,
        None if "incidents" in facts.unavailable else bool(facts.incidents),
    )


def _known(found: AtHand, moment: datetime) -> _Known:
    tier: CustomerTier = found.account.tier if found.account else "basic"
    return _Known(tier, any(incident.open_at(moment) for incident in found.incidents))


def _route(ticket: Ticket, known: _Known | None, tiers: Tiers) -> Route:
    whose = known.customer_tier if known else None
    for rule in tiers.rules:
        if _holds(rule, ticket, known):
            return Route(tier=rule.tier, why=rule.why, customer_tier=whose)
    why = tiers.tier(tiers.default).why
    return Route(tier=tiers.default, why=why, customer_tier=whose)


def _holds(rule: Rule, ticket: Ticket, known: _Known | None) -> bool:
    return (
        _of_facts(rule, known)
        and (rule.longer_than is None or sum(map(len, ticket.said())) > rule.longer_than)
        and (rule.language is None or ticket.language in rule.language)
        and (rule.channel is None or ticket.channel in rule.channel)
    )


def _of_facts(rule: Rule, known: _Known | None) -> bool:
    if rule.customer_tier is None and rule.open_incident is None:
        return True
    if known is None:
        return False
    tier_fits = rule.customer_tier is None or known.customer_tier in rule.customer_tier
    return tier_fits and rule.open_incident in (None, known.in_incident)


def next_tier(tier: TierName, asked: frozenset[str], tiers: Tiers) -> TierName | None:
    """The next dearer tier that holds a model not yet asked in this run; None at the top."""
    dearer = TIERS[TIERS.index(tier) + 1 :]
    return next((name for name in dearer if fresh_model(name, asked, tiers)), None)


def cheaper_tier(tier: TierName, asked: frozenset[str], tiers: Tiers) -> TierName | None:
    """The next cheaper tier that holds a model not yet asked in this run; None at the bottom."""
    cheaper = reversed(TIERS[: TIERS.index(tier)])
    return next((name for name in cheaper if fresh_model(name, asked, tiers)), None)


def fresh_model(tier: TierName, asked: frozenset[str], tiers: Tiers) -> str | None:
    """The tier's first model that was not asked yet; None where all were."""
    return next((model for model in tiers.tier(tier).models if model not in asked), None)
