"""What raises an alert, and where alerts are sent."""

import re
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from config.taxonomy import Frozen


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


class Alerts(Frozen):
    """All of it."""

    runbook: str = "docs/runbook.md"
    every_seconds: float = Field(default=5.0, gt=0, le=60)
    quiet_seconds: float = Field(default=60.0, ge=0)  # not so for so long: it is over
    again_hours: float = Field(default=24.0, gt=0)  # told once more when it is still so
    limits: AlertLimits = AlertLimits()
    webhook: Webhook = Webhook()
    smtp: Smtp = Smtp()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.webhook.url and not re.fullmatch(r"https?://[^/\s]+\S*", self.webhook.url):
            raise ValueError("webhook.url is no address: give http://… or https://…")
        return self
