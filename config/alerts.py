"""What raises an alert, and where alerts are sent."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from config.errors import ConfigError
from config.taxonomy import Frozen, Taxonomy


class AlertKind(StrEnum):
    """What an alert is about. Each is a heading of docs/runbook.md, under "Alerts"."""

    NO_WORKER = "no worker"
    BOOKS_DIFFER = "books differ"
    MISCONFIGURED = "misconfigured"
    BREAKER_OPEN = "breaker open"
    CAP_NEAR = "cap near"
    CAP_REACHED = "cap reached"
    UNROUTED = "unrouted"
    NOT_POLLED = "not polled"
    MANY_ERRORS = "many errors"
    MANY_DEAD = "many dead"
    MANY_IN_REVIEW = "many in review"
    MANY_ESCALATED = "many escalated"
    ACCURACY = "accuracy"
    MODEL_CHANGED = "model changed"
    GUARD_OFF = "guard off"
    REPLY_LOOP = "reply loop"
    EDITS_HELD = "edits held"
    BROKER_DOWN = "broker down"
    LEDGER_DOWN = "ledger down"  # nobody can send it: the page and every command say so
    PAGE_BROKEN = "page broken"  # as above
    REVIEW_WAITING = "review waiting"  # told once, of single tickets; so is the next one
    ESCALATED = "escalated"
    TEST = "test alert"

    @property
    def anchor(self) -> str:
        """Its heading as a link has it."""
        return self.value.replace(" ", "-")


class Webhook(Frozen):
    """An HTTP address that takes a JSON document."""

    url: str = ""
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    credential: str = "TRIAGE_ALERT_SECRET"  # the NAME of the variable with that header's value
    timeout_seconds: float = Field(default=5.0, gt=0, le=60)
    kinds: tuple[AlertKind, ...] = ()  # none: all of them


class Smtp(Frozen):
    """A mail server."""

    host: str = ""
    port: int = Field(default=587, ge=1, le=65_535)
    security: Literal["starttls", "ssl", "none"] = "starttls"
    sender: str = Field(default="", alias="from")
    to: tuple[str, ...] = ()
    user_credential: str = "TRIAGE_SMTP_USER"  # the NAMES of the variables
    credential: str = "TRIAGE_SMTP_PASSWORD"
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)
    kinds: tuple[AlertKind, ...] = ()  # as above

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not self.host:
            return self
        if not self.to:
            raise ValueError("host is set and `to` is empty: say who gets the mail")
        if wrong := [one for one in (self.sender, *self.to) if not ADDRESS.fullmatch(one)]:
            message = f"{wrong[0]!r} is no address: write alerts@example.com (in `from` and `to`)"
            raise ValueError(message)
        return self


ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


class Owner(Frozen):
    """Who hears of the reviews and the escalations of some issue types, by mail, webhook or both.

    The mail leaves by the server of [smtp]. An address that is a secret stands in a variable.
    """

    issue_types: tuple[str, ...] = Field(min_length=1)
    to: tuple[str, ...] = ()
    webhook: str = ""
    webhook_credential: str = ""  # the NAME of the variable with that address

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.to or self.webhook or self.webhook_credential):
            raise ValueError("say how to reach it: `to`, `webhook` or `webhook_credential`")
        if wrong := [one for one in self.to if not ADDRESS.fullmatch(one)]:
            message = f"{wrong[0]!r} is no address: write cards@example.com (in `to`)"
            raise ValueError(message)
        if self.webhook and not HTTP.fullmatch(self.webhook):
            raise ValueError("webhook is no address: give http://… or https://…")
        return self


HTTP = re.compile(r"https?://[^/\s]+\S*")


class AlertLimits(Frozen):
    """From when on something is an alert. How long a ticket may wait stands in policy.toml."""

    breaker_seconds: float = Field(default=300.0, ge=0)
    cap_share: float = Field(default=0.8, gt=0, le=1)
    polls_missed: int = Field(default=3, ge=1)
    window_seconds: float = Field(default=900.0, gt=0)  # in which errors and dead letters count
    least: int = Field(default=20, ge=1)  # of them in it; fewer are chance
    error_share: float = Field(default=0.2, gt=0, le=1)  # failed attempts, of all
    dead_share: float = Field(default=0.05, gt=0, le=1)  # dead letters, of what came to an end
    least_routed: int = Field(default=50, ge=1)  # in the last hour, before shares say anything
    review_share: float = Field(default=0.15, gt=0, le=1)
    escalated_share: float = Field(default=0.15, gt=0, le=1)
    changed_hours: float = Field(default=24.0, gt=0)  # how long another model's name is news


OwnerName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Alerts(Frozen):
    """All of it."""

    runbook: str = "docs/runbook.md"
    every_seconds: float = Field(default=5.0, gt=0, le=60)
    quiet_seconds: float = Field(default=60.0, ge=0)  # not so for so long: it is over
    again_hours: float = Field(default=24.0, gt=0)  # told once more when it is still so
    limits: AlertLimits = AlertLimits()
    webhook: Webhook = Webhook()
    smtp: Smtp = Smtp()
    owners: dict[OwnerName, Owner] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.webhook.url and not HTTP.fullmatch(self.webhook.url):
            raise ValueError("webhook.url is no address: give http://… or https://…")
        if not self.smtp.host and (mailed := [n for n, one in self.owners.items() if one.to]):
            message = f"owners.{mailed[0]} has addresses in `to`, and smtp.host names no server"
            raise ValueError(message)
        owned = [name for owner in self.owners.values() for name in owner.issue_types]
        if twice := [name for name in owned if owned.count(name) > 1]:
            message = f"{twice[0]} has two owners"
            raise ValueError(message)
        return self

    def owner_of(self, issue_type: str | None) -> str | None:
        """The name of its owner; None: whoever hears of alerts."""
        mine = (name for name, owner in self.owners.items() if issue_type in owner.issue_types)
        return next(mine, None)


def refuse_strange_owners(
    alerts: Alerts, taxonomy: Taxonomy, credentials: Mapping[str, str]
) -> None:
    """Raises ConfigError for one who would never hear of anything, by a slip of the pen."""
    for name, owner in alerts.owners.items():
        if strange := [one for one in owner.issue_types if taxonomy.issue_type(one) is None]:
            message = f"alerts.toml: owners.{name} has {strange[0]}, which is no issue type"
            raise ConfigError(f"{message}: {', '.join(taxonomy.names)}")
        secret = owner.webhook_credential
        if secret and not HTTP.fullmatch(credentials.get(secret, "")):
            raise ConfigError(f"{secret} holds no http(s):// address, and owners.{name} names it")
