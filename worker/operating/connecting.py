"""Readies a helpdesk for the fleet, and looks whether it is ready."""

from collections.abc import Sequence
from dataclasses import replace

from config.environment import Environment
from config.load import Config, load
from config.taxonomy import Taxonomy
from tasks.errors import OperatorError
from worker.clock import SystemClock
from worker.findings import Finding
from worker.helpdesks.roundup import inspection as roundup_inspection
from worker.helpdesks.roundup import setup as roundup_setup
from worker.helpdesks.roundup.client import RoundupClient
from worker.helpdesks.rt import inspection as rt_inspection
from worker.helpdesks.rt import setup as rt_setup
from worker.helpdesks.rt.client import RtClient

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
            tracker.close()
        case _:
            issues = RoundupClient(config.helpdesk.roundup, _token(config), SystemClock())
            findings = list(roundup_inspection.inspect(issues, queues))
            issues.close()
    return findings


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
