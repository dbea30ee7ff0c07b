"""Tiers of models by cost, the models in them, what they cost, and who goes where."""

from decimal import Decimal
from math import ceil
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from config.taxonomy import Frozen

TierName = Literal["economy", "standard", "premium"]
TIERS: tuple[TierName, ...] = ("economy", "standard", "premium")
"""Cheapest first; promotion goes to the right."""

CustomerTier = Literal["basic", "plus", "business"]


class Price(Frozen):
    """US dollars per million tokens."""

    input: Decimal = Field(ge=0)
    output: Decimal = Field(ge=0)
    cached_input: Decimal | None = Field(default=None, ge=0)  # None: cached tokens cost as others

    def micro_usd(self, *, input_tokens: int, cached_tokens: int, output_tokens: int) -> int:
        """Cost of one call in millionths of a dollar, rounded up.

        Dollars per million tokens are the same number as micro-dollars per token.
        `cached_tokens` are part of `input_tokens`.
        """
        cached_price = self.input if self.cached_input is None else self.cached_input
        fresh = input_tokens - cached_tokens
        cost = fresh * self.input + cached_tokens * cached_price + output_tokens * self.output
        return ceil(cost)


class Model(Frozen):
    """One model as litellm names it, with its limits and why it was chosen."""

    name: str = Field(pattern=r"^[a-z0-9_]+/.+$")
    credential: str | None = None  # name of the environment variable with the key; None: needs none
    api_base: str | None = None
    price: Price
    upstream: str | None = None  # what fails as one; None: the provider, by its address
    max_output_tokens: int = Field(default=800, gt=0)
    timeout_seconds: float = Field(default=30.0, gt=0, le=600)
    logprobs: bool = False  # it is asked for the probabilities of its tokens; not every one has any
    why: str

    @property
    def is_local(self) -> bool:
        """It runs in the worker itself: no network, no bill."""
        return self.name.startswith("local/")

    @property
    def dependency(self) -> str:
        """What its breaker and its limits are called: `openai`, `openai@10.0.0.7:8000`."""
        if self.upstream:
            return self.upstream
        provider = self.name.partition("/")[0]
        address = urlsplit(self.api_base).netloc.rpartition("@")[2] if self.api_base else ""
        return f"{provider}@{address}" if address else provider


class Tier(Frozen):
    """One Celery queue of models. The first model is asked; the others stand in for it."""

    name: TierName
    models: tuple[str, ...] = Field(min_length=1)
    why: str


class Rule(Frozen):
    """Sends a ticket to a tier when all of its conditions hold; the first such rule wins."""

    tier: TierName
    why: str
    customer_tier: tuple[CustomerTier, ...] | None = None
    open_incident: bool | None = None
    longer_than: int | None = Field(default=None, gt=0)  # characters of the customer's text
    language: tuple[str, ...] | None = None  # ISO 639-1, as the source declares it
    channel: tuple[str, ...] | None = None


class Tiers(Frozen):
    """Tiers, models and routing rules together."""

    models: tuple[Model, ...] = Field(min_length=1)
    tiers: tuple[Tier, ...]
    rules: tuple[Rule, ...] = ()
    default: TierName = "economy"
    judges: tuple[Model, ...] = ()  # the first that may be asked; empty: there is no judge

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = {model.name for model in self.models}
        if len(known) != len(self.models):
            message = "a model has two entries"
            raise ValueError(message)
        if [tier.name for tier in self.tiers] != list(TIERS):
            message = f"the tiers must be {', '.join(TIERS)}, in this order"
            raise ValueError(message)
        if strange := [one.name for one in self.judges if one.name in known or one.is_local]:
            message = f"{strange} cannot judge: a judge is another model than those of the tiers"
            raise ValueError(message)
        for tier in self.tiers:
            if missing := [name for name in tier.models if name not in known]:
                message = (
                    f"tier {tier.name!r} names models without an entry, so no price: {missing}"
                )
                raise ValueError(message)
        return self

    def model(self, name: str) -> Model:
        """The model of that name. Raises KeyError where there is none."""
        return {model.name: model for model in self.everyone}[name]

    @property
    def served(self) -> tuple[str, ...]:
        """Names of those that a tier names or that judge, each once."""
        names = (name for tier in self.tiers for name in tier.models)
        return tuple(dict.fromkeys((*names, *(judge.name for judge in self.judges))))

    @property
    def everyone(self) -> tuple[Model, ...]:
        """All that may be asked anything."""
        return (*self.models, *self.judges)

    def tier(self, name: TierName) -> Tier:
        """The tier of that name."""
        return next(tier for tier in self.tiers if tier.name == name)
