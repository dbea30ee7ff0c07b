"""Readies a helpdesk for the fleet, and looks whether it is ready."""

from collections.abc import Sequence
from dataclasses import replace

from config.environment import Environment
from config.load import Config, load
from config.taxonomy import Taxonomy
from tasks.errors import OperatorError
from worker.clock import SystemClock
from worker.compose import open_facts
from worker.findings import Finding, fine
from worker.helpdesks.feed import EPOCH, Feed
from worker.helpdesks.roundup import inspection as roundup_inspection
from worker.helpdesks.roundup import setup as roundup_setup
from worker.helpdesks.roundup.client import RoundupClient
from worker.helpdesks.roundup.feed import RoundupFeed
from worker.helpdesks.rt import inspection as rt_inspection
from worker.helpdesks.rt import setup as rt_setup
from worker.helpdesks.rt.client import RtClient
from worker.helpdesks.rt.feed import RtFeed
from worker.operating.estimating import estimate, sample

KINDS = ("rt", "roundup")


def setup(kind: str, environment: Environment) -> str:
    """What the helpdesk itself takes, to make it ready. Raises OperatorError, ConfigError."""
    config = load(replace(environment, helpdesk="embedded"))
    match _known(kind):
        case "rt":
            return rt_setup.initialdata(config.helpdesk.rt, _queues(config.taxonomy))
        case _:
            return roundup_setup.schema(config.helpdesk.roundup)


def inspect(kind: str, environment: Environment) -> Sequence[Finding]:
    """What a fleet would find there. Raises OperatorError, ConfigError."""
    config = load(replace(environment, helpdesk=_known(kind)))
    queues = _queues(config.taxonomy)
    match kind:
        case "rt":
            tracker = RtClient(config.helpdesk.rt, _token(config), SystemClock())
            findings = list(rt_inspection.inspect(tracker, queues))
            findings += _before(RtFeed(tracker), config, findings)
            tracker.close()
        case _:
            issues = RoundupClient(config.helpdesk.roundup, _token(config), SystemClock())
            findings = list(roundup_inspection.inspect(issues, queues))
            findings += _before(RoundupFeed(issues), config, findings)
            issues.close()
    return findings


def _before(feed: Feed, config: Config, findings: Sequence[Finding]) -> Sequence[Finding]:
    """What lies before a first poll, and what the first day is like; once all else is well."""
    if any(found.level == "wrong" for found in findings):
        return ()
    clock = SystemClock()
    tickets = sample(feed, feed.changed(EPOCH), config)
    facts = open_facts(config, clock)
    count = feed.count(EPOCH)
    found = estimate(tickets, count, config=config, facts=facts, now=clock.now())
    alone = f"{count}; those from before a first poll are left alone until their customers write"
    first = config.settings.first_day
    limit = f", {first.per_hour} an hour begin" if first.per_hour else ""
    until = "until `triage source set helpdesk` says otherwise"
    return (
        fine("open tickets", f"{alone} (`triage intake helpdesk --since 30d` takes older ones in)"),
        fine("what those would cost", found.words()),
        fine("first day", f"{first.mode}{limit}, {until}"),
    )


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise OperatorError(f"there is no connector for {kind!r}: {', '.join(KINDS)}")
    return kind


def _queues(taxonomy: Taxonomy) -> list[str]:
    return [*dict.fromkeys((*(one.queue for one in taxonomy.issue_types), taxonomy.fallback_queue))]


def _token(config: Config) -> str:
    remote = config.helpdesk.remote
    assert remote is not None  # noqa: S101 - it was loaded as one
    return config.environment.credentials[remote.credential]
