"""Looks at everything that a start depends on, and says how to mend what is wrong."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal, get_args
from urllib.parse import urlsplit
from urllib.request import getproxies

from config.environment import Environment
from config.errors import ConfigError
from config.facts import Files
from config.helpdesk import Kind
from config.load import Config, load
from config.serving import LOCAL
from config.tiers import TIERS, Model
from tasks.confidence import calibrate, fewest
from tasks.errors import OperatorError, TriageError
from worker.broker import server
from worker.broker.queues import Broker
from worker.clock import SystemClock
from worker.compose import CHECKOUT, Shop, open_inbox, open_shop, recognise
from worker.facts.source import upstream
from worker.findings import Finding
from worker.ledgers import migrating
from worker.measuring import checked
from worker.models.baseline.examples import read_examples
from worker.models.way import barred
from worker.operating import connecting
from worker.operating.trust import only_suggested
from worker.operating.trying_facts import try_sources
from worker.refusals import RefusedToStart


def run_checks() -> list[Finding]:
    """Every finding. What cannot be looked at because of an earlier one is left out."""
    environment = Environment.read()
    try:
        config = load(environment)
    except ConfigError as error:
        return [Finding(what="configuration", level="wrong", says=str(error))]
    findings = [*_configuration(config), *_models(config), *_limits(config), *_facts(config)]
    findings += _sentry(environment.sentry_dsn)
    findings += _alerts(config)
    try:
        shop = open_shop(environment)
    except RefusedToStart as error:
        return [*findings, _wrong("home", error)]
    try:
        found = [_ok("home", str(shop.home.root)), *_ledger(shop), *_broker(shop)]
        found += _measured(shop, found)
        return [*findings, *found, *_helpdesk(config)]
    finally:
        shop.close()


def _configuration(config: Config) -> Iterator[Finding]:
    taxonomy = config.taxonomy
    yield _ok("taxonomy", f"{len(taxonomy.names)} issue types, {len(taxonomy.criteria)} criteria")
    prompts = (config.classify, config.summarise, config.compress)
    yield _ok("prompt", ", ".join(prompt.version for prompt in prompts))
    for tier in config.tiers.tiers:
        yield _ok(f"tier {tier.name}", ", ".join(tier.models))
    judges = ", ".join(judge.name for judge in config.tiers.judges)
    yield _ok("judge", judges or "nobody: answers are written as validation lets them pass")
    held = only_suggested(config, SystemClock().now())
    yield _ok("autonomy", held or "as policy.toml says")


def _models(config: Config) -> Iterator[Finding]:
    if config.environment.simulator:
        yield Finding(
            what="simulator",
            level="warning",
            says=f"every model is asked at {config.environment.simulator}: answers are made up",
            remedy="unset TRIAGE_SIMULATOR where tickets are real",
        )
    for name in config.tiers.served:
        model = config.tiers.model(name)
        missing = model.credential and model.credential not in config.environment.credentials
        if missing:
            yield Finding(
                what=f"model {name}",
                level="wrong",
                says=f"{model.credential} is not set",
                remedy=f"set {model.credential}, or take the model out of tiers.toml",
            )
        else:
            yield _priced(model, simulated=bool(config.environment.simulator))
    serves = {name for tier in TIERS for name in config.tiers.tier(tier).models}
    if LOCAL in serves:
        yield _training(config)


def _priced(model: Model, *, simulated: bool) -> Finding:
    """What it costs and, where it has an address of its own, whether somebody listens there."""
    price = f"${model.price.input} in, ${model.price.output} out per million tokens"
    bar = model.api_base and barred(model.api_base, getproxies())
    if not bar:
        return _ok(f"model {model.name}", price)
    start = "start `triage simulate-provider`" if simulated else "start its server"
    remedy = f"{start}, or mend its address: tickets that find nobody there end as dead letters"
    says = f"{price}; {bar}"
    return Finding(what=f"model {model.name}", level="warning", says=says, remedy=remedy)


def _training(config: Config) -> Finding:
    """Whether the local model was taught this taxonomy's issue types."""
    path = CHECKOUT / config.settings.sources.training
    try:
        taught = {example.issue_type for example in read_examples(path)}
    except OperatorError as error:
        remedy = "set sources.training in settings.toml to a CSV with text and issue_type or intent"
        return Finding(what="local/baseline", level="wrong", says=str(error), remedy=remedy)
    if strange := taught - set(config.taxonomy.names):
        says = f"it was taught issue types that the taxonomy lacks: {', '.join(sorted(strange))}"
        remedy = "train it on your own labels, or set TRIAGE_MODEL to a hosted model"
        return Finding(what="local/baseline", level="wrong", says=says, remedy=remedy)
    return _ok("local/baseline", f"taught {len(taught)} issue types from {path.name}")


def _measured(shop: Shop, before: Sequence[Finding]) -> Iterator[Finding]:
    """How far each hosted model is from writing by itself; where the ledger can be read."""
    if any(one.level == "wrong" for one in before):
        return
    tolerated = shop.config.policy.autonomy.tolerated
    for (model, field), answers in sorted(checked(shop.ledger).items()):
        learnt = calibrate(answers, tolerated)
        if learnt is None or not learnt.is_certain:
            stands = f"too few to say whether at most {tolerated:.1%} are wrong"
        elif learnt.threshold is None:
            stands = f"more than {tolerated:.1%} wrong, whatever its score: it is only suggested"
        else:
            stands = f"written by itself from a score of {learnt.threshold:.3f} on"
        says = f"{len(answers)} answers checked of {fewest(tolerated)}: {stands}"
        yield _ok(f"measured {model}, {field}", says)


def _limits(config: Config) -> Iterator[Finding]:
    """A limit of what nobody asks is a misspelt one, and what it was meant for has none."""
    known = {model.dependency for model in config.tiers.everyone}
    known |= {upstream(name) for name in config.facts.used}
    known |= {f"helpdesk:{kind}" for kind in get_args(Kind)}
    for limit in config.guards.limits:
        if limit.upstream in known:
            yield _ok(f"limit {limit.upstream}", limit.said)
        else:
            says = f"nothing that is asked is called that; known are {', '.join(sorted(known))}"
            remedy = "mend the limit's upstream in guards.toml, or take it out"
            yield Finding(what=f"limit {limit.upstream}", level="warning", says=says, remedy=remedy)


def _sentry(dsn: str | None) -> Iterator[Finding]:
    from sentry_sdk.utils import BadDsn, Dsn  # noqa: PLC0415 - most fleets have none

    try:
        if dsn:
            yield _ok("sentry", Dsn(dsn).netloc)
    except BadDsn as error:
        remedy = "set SENTRY_DSN to what your Sentry shows for this project, or unset it"
        yield Finding(what="sentry", level="wrong", says=str(error), remedy=remedy)


def _alerts(config: Config) -> Iterator[Finding]:
    """Where they go; nothing is sent."""
    webhook, smtp = config.alerts.webhook, config.alerts.smtp
    credentials = config.environment.credentials
    ways = []
    if webhook.url:
        has = "with" if webhook.credential in credentials else "without"
        ways.append(f"webhook at {urlsplit(webhook.url).hostname} ({has} {webhook.credential})")
    if smtp.host:
        ways.append(f"mail by {smtp.host}:{smtp.port} ({smtp.security}) to {', '.join(smtp.to)}")
    yield _ok("alerts", ", ".join(["the log", *ways]))
    if owners := config.alerts.owners:
        theirs = (f"{name} for {', '.join(one.issue_types)}" for name, one in owners.items())
        yield _ok("owners", "; ".join(theirs))
    if smtp.host and smtp.security == "none" and smtp.credential in credentials:
        says = f"the password of {smtp.host} is sent as it is, for all on the way to read"
        remedy = 'set smtp.security in alerts.toml to "starttls" or "ssl"'
        yield Finding(what="alerts", level="warning", says=says, remedy=remedy)


def _facts(config: Config) -> list[Finding]:
    """Each of their sources, asked once; without a folder there is nothing to ask."""
    folder = CHECKOUT / config.settings.sources.facts
    has_files = any(isinstance(source, Files) for source in config.facts.used.values())
    if not has_files or folder.is_dir():
        return try_sources(config)
    says = f"{folder} is no directory: tickets go on without facts, validation is stricter"
    remedy = "set sources.facts in settings.toml, or another source in facts.toml"
    return [Finding(what="facts", level="warning", says=says, remedy=remedy)]


def _ledger(shop: Shop) -> Iterator[Finding]:
    embedded = shop.config.environment.ledger_url is None
    try:
        if embedded:
            migrating.migrate(shop.ledger.engine)
        migrating.check(shop.ledger.engine)
        recognise(shop)
        yield _ok("ledger", f"schema {migrating.current(shop.ledger.engine)}")
    except (RefusedToStart, TriageError) as error:
        yield _wrong("ledger", error)
    named = shop.config.environment.source
    for name in dict.fromkeys((*shop.config.settings.sources.inboxes, *filter(None, [named]))):
        yield _source(name, shop)


def _source(name: str, shop: Shop) -> Finding:
    try:
        open_inbox(name, shop).read(None, limit=1)
    except TriageError as error:
        return _wrong(f"source {name}", error)
    return _ok(f"source {name}", "can be read")


def _helpdesk(config: Config) -> Sequence[Finding]:
    kind = config.helpdesk.kind
    return [] if kind == "embedded" else connecting.inspect(kind, config.environment)


def _broker(shop: Shop) -> Iterator[Finding]:
    if shop.config.environment.broker_url is None:
        yield _try("broker", lambda: f"embedded, {server.find_server().path.name}")
        return
    try:
        found = Broker(shop.broker_url).check()
    except (TriageError, RefusedToStart) as error:
        yield _wrong("broker", error)
        return
    for finding in found:
        level: Literal["wrong", "warning"] = "wrong" if finding.refuses else "warning"
        yield Finding(what="broker", level=level, says=finding.what, remedy=finding.remedy)
    if not any(finding.refuses for finding in found):
        yield _ok("broker", "answers")


def _try(what: str, look: Callable[[], str]) -> Finding:
    try:
        return _ok(what, look())
    except RefusedToStart as error:
        return _wrong(what, error)


def _ok(what: str, says: str) -> Finding:
    return Finding(what=what, level="ok", says=says)


def _wrong(what: str, error: Exception) -> Finding:
    remedy = error.remedy if isinstance(error, RefusedToStart) else None
    says = error.message if isinstance(error, RefusedToStart) else str(error)
    return Finding(what=what, level="wrong", says=says, remedy=remedy)
