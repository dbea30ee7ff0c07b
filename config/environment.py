"""The one home of environment variables: read once, at the door."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """Every variable that Triage Fleet reads; docs/interface.md lists them for operators.

    What may hold a secret is not shown by `repr`, and so stands in no traceback.
    """

    home: Path = Path(".triage")
    broker_url: str | None = field(default=None, repr=False)
    ledger_url: str | None = field(default=None, repr=False)
    config: Path | None = None
    secret_key: str | None = field(default=None, repr=False)
    model: str | None = None
    model_api_base: str | None = field(default=None, repr=False)
    model_api_key: str | None = field(default=None, repr=False)
    model_price: str | None = None
    simulator: str | None = None
    helpdesk: str | None = None
    helpdesk_url: str | None = None
    source: str | None = None  # what `triage up SOURCE` polls; handed to its children
    flower_password: str | None = field(default=None, repr=False)
    sentry_dsn: str | None = field(default=None, repr=False)
    alert_webhook: str | None = field(default=None, repr=False)
    log_level: str = "INFO"
    credentials: Mapping[str, str] = field(repr=False)  # every variable; config names keys in it

    @classmethod
    def read(cls, variables: Mapping[str, str] | None = None) -> Self:
        """The environment of this process, or `variables` in its place."""
        found = os.environ if variables is None else variables
        value = {name: text for name, text in found.items() if text.strip()}
        config = value.get("TRIAGE_CONFIG")
        return cls(
            home=Path(value.get("TRIAGE_HOME", ".triage")).absolute(),
            broker_url=value.get("TRIAGE_BROKER_URL"),
            ledger_url=value.get("TRIAGE_LEDGER_URL"),
            config=Path(config).absolute() if config else None,
            secret_key=value.get("TRIAGE_SECRET_KEY"),
            model=value.get("TRIAGE_MODEL"),
            model_api_base=value.get("TRIAGE_MODEL_API_BASE"),
            model_api_key=value.get("TRIAGE_MODEL_API_KEY"),
            model_price=value.get("TRIAGE_MODEL_PRICE"),
            simulator=value.get("TRIAGE_SIMULATOR"),
            helpdesk=value.get("TRIAGE_HELPDESK"),
            helpdesk_url=value.get("TRIAGE_HELPDESK_URL"),
            source=value.get("TRIAGE_SOURCE"),
            flower_password=value.get("TRIAGE_FLOWER_PASSWORD"),
            sentry_dsn=value.get("SENTRY_DSN"),
            alert_webhook=value.get("TRIAGE_ALERT_WEBHOOK"),
            log_level=value.get("TRIAGE_LOG_LEVEL", "INFO").upper(),
            credentials=value,
        )
