"""What tickets would cost, before any of them is taken in."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from config.load import Config
from tasks import prompt
from tasks.facts import Facts
from tasks.intake import parse_ticket
from tasks.ports.facts import CustomerFacts
from tasks.routing import route
from tasks.ticket import Ticket
from worker.helpdesks.feed import Change, Feed

CHARACTERS = 4
"""Of English text to a token, about: OpenAI's own rule of thumb for its tokenizers."""

ANSWER_TOKENS = 200
"""Of a verdict with a reason and a short draft."""

SAMPLE = 10


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """So many tickets, and what asking once about each would cost, by a sample of their texts."""

    tickets: int
    sampled: int
    micro_usd: int
    models: tuple[str, ...]

    def words(self) -> str:
        """A sentence for people."""
        if not self.tickets:
            return "nothing, for there are none"
        if not self.sampled:
            return "nobody knows what: none of them could be read"
        if not self.micro_usd:
            return f"nothing, for {', '.join(self.models)} is free"
        return (
            f"about ${self.micro_usd / 1e6:.2f} with {', '.join(self.models)}: one question each,"
            f" by {self.sampled} of them, at {CHARACTERS} characters a token"
        )


def sample(feed: Feed, changes: Iterable[Change], config: Config) -> list[Ticket]:
    """The first of them that can be read as tickets. Raises what the feed does."""
    found = []
    for change in islice(changes, SAMPLE):
        said = feed.state(change.ticket, known="").said
        if said is None:
            continue
        line = json.dumps(said).encode()
        ticket = parse_ticket(line, body_bytes=config.settings.intake.body_bytes)
        if isinstance(ticket, Ticket):
            found.append(ticket)
    return found


def estimate(
    tickets: Sequence[Ticket], count: int, *, config: Config, facts: CustomerFacts, now: float
) -> Estimate:
    """What `count` tickets like these would cost. Promotions and second questions come on top."""
    costs, models = [], dict[str, None]()
    for ticket in tickets:
        name, micro_usd = _cost(ticket, config, facts, now)
        costs.append(micro_usd)
        models[name] = None
    mean = sum(costs) / len(costs) if costs else 0.0
    return Estimate(
        tickets=count, sampled=len(costs), micro_usd=round(mean * count), models=tuple(models)
    )


def _cost(ticket: Ticket, config: Config, facts: CustomerFacts, now: float) -> tuple[str, int]:
    known = facts.at_hand(ticket.requester)
    incidents = known.incidents if known else ()
    told = Facts(
        fetched_at=now,
        account=known.account if known else None,
        incidents=tuple(one for one in incidents if one.open_at(ticket.created_at)),
    )
    tier = route(ticket, told, config.tiers).tier
    model = config.tiers.model(config.tiers.tier(tier).models[0])
    asked = prompt.question(
        prompt.About(ticket, told, config.taxonomy),
        prompt=config.classify,
        model=model,
        budget=config.policy.context,
    )
    size = sum(len(message.content) for message in asked.messages) + len(str(asked.schema))
    micro_usd = model.price.micro_usd(
        input_tokens=size // CHARACTERS, cached_tokens=0, output_tokens=ANSWER_TOKENS
    )
    return model.name, micro_usd
