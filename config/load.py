"""Reads the whole configuration once: our files, the operator's over them, the environment."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError

from config.alerts import Alerts, refuse_strange_owners
from config.environment import Environment
from config.errors import ConfigError
from config.facts import FactsConfig, Http, Sql
from config.guards import Guards
from config.helpdesk import HelpdeskConfig, Kind
from config.policy import Policy
from config.prompts import Prompt, read_prompt
from config.sendable import refuse_unsendable
from config.serving import usable
from config.settings import Settings
from config.staging import Staging, keys
from config.taxonomy import Taxonomy
from config.tiers import Tiers
from config.toml import DEFAULTS, layered, own

Shape = TypeVar("Shape", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Everything that was configured, valid as a whole."""

    environment: Environment
    settings: Settings
    taxonomy: Taxonomy
    tiers: Tiers
    policy: Policy
    guards: Guards
    alerts: Alerts
    facts: FactsConfig
    helpdesk: HelpdeskConfig
    classify: Prompt
    judge: Prompt | None  # None: nobody judges
    summarise: Prompt
    compress: Prompt


LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def load(environment: Environment) -> Config:
    """The configuration for `environment`. Raises ConfigError with file, key and remedy."""
    overlay = environment.config
    if overlay and not overlay.is_dir():
        message = f"TRIAGE_CONFIG names {overlay}, which is not a directory"
        raise ConfigError(message)
    _refuse_strangers(overlay)
    if environment.model_api_base and not environment.model:
        message = "TRIAGE_MODEL_API_BASE is set but TRIAGE_MODEL is not: name the model it serves"
        raise ConfigError(message)
    if environment.log_level not in LOG_LEVELS:
        message = f"TRIAGE_LOG_LEVEL is {environment.log_level!r}: say {', '.join(LOG_LEVELS)}"
        raise ConfigError(message)
    tiers = load_tiers(environment)
    if environment.simulator:
        tiers, environment = _staged(tiers, environment, environment.simulator)
    serving = usable(tiers, environment)
    taxonomy = _taxonomy(overlay)
    helpdesk = _helpdesk(_shaped(HelpdeskConfig, "helpdesk.toml", overlay), environment)
    facts = _facts(_shaped(FactsConfig, "facts.toml", overlay), environment)
    secrets = (model.credential for model in tiers.everyone)
    refuse_unsendable((*secrets, *helpdesk.credentials, *facts.header_credentials), environment)
    alerts = _alerts(overlay, environment)
    refuse_strange_owners(alerts, taxonomy, environment.credentials)
    return Config(
        environment=environment,
        settings=_shaped(Settings, "settings.toml", overlay),
        taxonomy=taxonomy,
        tiers=serving,
        policy=_policy(overlay, taxonomy),
        guards=_shaped(Guards, "guards.toml", overlay),
        alerts=alerts,
        facts=facts,
        helpdesk=helpdesk,
        classify=read_prompt("classify", overlay),
        judge=read_prompt("judge", overlay) if serving.judges else None,
        summarise=read_prompt("summarise", overlay),
        compress=read_prompt("compress", overlay),
    )


def load_tiers(environment: Environment) -> Tiers:
    """The tiers as they are written, whichever of their models can be asked. Raises ConfigError."""
    return _shaped(Tiers, "tiers.toml", environment.config)


def _refuse_strangers(overlay: Path | None) -> None:
    """A misspelt file would be left out in silence."""
    strange = sorted(path.name for path in overlay.glob("*.toml")) if overlay else []
    if unknown := [name for name in strange if not (DEFAULTS / name).is_file()]:
        known = ", ".join(sorted(path.name for path in DEFAULTS.glob("*.toml")))
        message = f"TRIAGE_CONFIG holds {', '.join(unknown)}, which nobody reads; known are {known}"
        raise ConfigError(message)


def _shaped(shape: type[Shape], name: str, overlay: Path | None) -> Shape:
    return _validated(shape, name, layered(name, overlay))


def _validated(shape: type[Shape], name: str, raw: dict[str, object]) -> Shape:
    try:
        return shape.model_validate(raw)
    except ValidationError as error:
        lines = [
            f"  {_place(problem['loc'], raw)}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors()
        ]
        message = "\n".join([f"{name} is not valid:", *lines])
        raise ConfigError(message) from error


def _place(path: tuple[int | str, ...], raw: object) -> str:
    """The place by its names: `models.openai/gpt-5-mini.price` says more than `models.2.price`."""
    parts = []
    for step in path:
        match raw:
            case list() if isinstance(step, int):
                raw = raw[step]
                name = raw.get("name", raw.get("id", step)) if isinstance(raw, dict) else step
            case dict():
                raw, name = raw.get(step), step
            case _:
                name = step
        parts.append(str(name))
    return ".".join(parts) or "(file)"


def _taxonomy(overlay: Path | None) -> Taxonomy:
    """The taxonomy's tables, named by their keys in TOML, as lists that carry their names."""
    raw, theirs = layered("taxonomy.toml", overlay), own("taxonomy.toml", overlay)
    types = theirs.get("issue_types")
    if isinstance(types, dict) and types.get("replace") is True and "languages" not in theirs:
        raw["languages"] = []  # ours are in English; of theirs nobody has said so
    for table, key in (("issue_types", "name"), ("criteria", "id")):
        entries = raw.get(table, {})
        if not (isinstance(entries, dict) and all(isinstance(e, dict) for e in entries.values())):
            message = f"taxonomy.toml: {table} must be tables, as in [{table}.NAME]"
            raise ConfigError(message)
        raw[table] = [{key: name, **entry} for name, entry in entries.items()]
    return _validated(Taxonomy, "taxonomy.toml", raw)


def _policy(overlay: Path | None, taxonomy: Taxonomy) -> Policy:
    """Whoever brings a taxonomy need not bring a policy; a type that they misspell is told."""
    found, ours = _shaped(Policy, "policy.toml", overlay), _shaped(Policy, "policy.toml", None)
    known = {*taxonomy.names, *ours.judge.issue_types}
    if strange := [name for name in found.judge.issue_types if name not in known]:
        message = f"policy.toml: judge.issue_types names {strange}, which the taxonomy has not"
        raise ConfigError(message)
    return found


def _helpdesk(found: HelpdeskConfig, environment: Environment) -> HelpdeskConfig:
    """The helpdesk with its address, wherever that was said."""
    kind = environment.helpdesk or found.kind
    if kind not in get_args(Kind):
        message = f"TRIAGE_HELPDESK is {kind!r}: say {', '.join(get_args(Kind))}"
        raise ConfigError(message)
    found = found.model_copy(update={"kind": kind})
    remote = found.remote
    if remote is None:
        return found
    url = environment.helpdesk_url or remote.url
    if not re.match(r"https?://[^/\s]", url):
        held = f"no address in {url!r}" if url else "no address"
        message = f"the helpdesk is {kind} and has {held}: set TRIAGE_HELPDESK_URL to http(s)://…"
        raise ConfigError(message)
    if remote.credential not in environment.credentials:
        message = f"{remote.credential} is not set: it holds the token of the fleet's user ({kind})"
        raise ConfigError(message)
    return found.model_copy(update={kind: remote.model_copy(update={"url": url})})


def _facts(found: FactsConfig, environment: Environment) -> FactsConfig:
    """The sources of facts, each with its variables set: without one it would answer nobody."""
    for name, source in found.used.items():
        match source:
            case Sql():
                needs = [source.credential]
            case Http():
                needs = list(source.secret_headers.values())
            case _:
                needs = []
        if missing := [need for need in needs if need not in environment.credentials]:
            message = f"{missing[0]} is not set: the source of facts `{name}` needs it (facts.toml)"
            raise ConfigError(message)
    return found


def _staged(tiers: Tiers, environment: Environment, at: str) -> tuple[Tiers, Environment]:
    """Every model at the simulator, and no real key among the credentials."""
    if environment.model:
        message = "TRIAGE_SIMULATOR and TRIAGE_MODEL are both set: unset the one you do not mean"
        raise ConfigError(message)
    credentials = {**environment.credentials, **keys(tiers)}
    return Staging.parse(at).pointed(tiers), replace(environment, credentials=credentials)


def _alerts(overlay: Path | None, environment: Environment) -> Alerts:
    """Where alerts go; the webhook's address may stand in the environment, for it is a secret."""
    raw = layered("alerts.toml", overlay)
    if environment.alert_webhook and isinstance(webhook := raw.get("webhook"), dict):
        if not re.match(r"https?://[^/\s]", environment.alert_webhook):
            raise ConfigError("TRIAGE_ALERT_WEBHOOK is no address: give http://… or https://…")
        raw["webhook"] = {**webhook, "url": environment.alert_webhook}
    alerts = _validated(Alerts, "alerts.toml", raw)
    names = (alerts.smtp.user_credential, alerts.smtp.credential)
    missing = [name for name in names if name not in environment.credentials]
    if alerts.smtp.host and len(missing) == 1:
        message = f"{missing[0]} is not set: the mail server needs both {' and '.join(names)}"
        raise ConfigError(f"{message}, or neither")
    return alerts
