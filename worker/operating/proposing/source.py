"""Where past tickets are read from: a helpdesk by its kind, or a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from config.environment import Environment
from config.helpdesk import Remote
from config.load import load
from tasks.errors import OperatorError
from worker.clock import SystemClock
from worker.compose import CHECKOUT
from worker.helpdesks.roundup.helpdesk import RoundupHelpdesk
from worker.helpdesks.rt.helpdesk import RtHelpdesk
from worker.operating.proposing.live import Desk, Told, read_desk
from worker.operating.proposing.past import Pile
from worker.operating.proposing.table import read_table

SPAN = timedelta(days=365)
LIMIT = 5_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Reach:
    """How far back a helpdesk is read. None: SPAN, and LIMIT of its newest tickets."""

    span: timedelta | None = None
    limit: int | None = None


def read_past(name: str, reach: Reach, environment: Environment, told: Told) -> Pile:
    """The past tickets of `rt`, `roundup` or `csv:FILE`.

    Raises OperatorError, ConfigError, and what worker.helpdesks.archive.Archive raises.
    """
    kind, _, rest = name.partition(":")
    match kind:
        case "csv" if rest:
            if reach != Reach():
                raise OperatorError("--since and --limit are for a helpdesk: a file is read whole")
            path = Path(rest)
            return read_table(path if path.exists() or path.is_absolute() else CHECKOUT / path)
        case "rt" | "roundup" if not rest:
            with _opened(kind, environment) as desk:
                return read_desk(desk, reach.span or SPAN, reach.limit or LIMIT, told)
        case _:
            raise OperatorError(f"nothing is learnt from {name!r}: say rt, roundup or csv:FILE")


@contextmanager
def _opened(kind: str, environment: Environment) -> Iterator[Desk]:
    config = load(replace(environment, helpdesk=kind))
    helpdesk: RtHelpdesk | RoundupHelpdesk
    if kind == "rt":
        token = _token(config.helpdesk.rt, environment)
        helpdesk = RtHelpdesk(config.helpdesk.rt, token, SystemClock())
    else:
        token = _token(config.helpdesk.roundup, environment)
        helpdesk = RoundupHelpdesk(config.helpdesk.roundup, token, SystemClock())
    try:
        yield Desk(
            feed=helpdesk.feed,
            archive=helpdesk.archive,
            queues=_queues(helpdesk),
            body_bytes=config.settings.intake.body_bytes,
        )
    finally:
        helpdesk.close()


def _token(remote: Remote, environment: Environment) -> str:
    return environment.credentials[remote.credential]


def _queues(helpdesk: RtHelpdesk | RoundupHelpdesk) -> frozenset[str]:
    """Those that tickets may be moved to, in our names."""
    field = helpdesk.client.config.fields["queue"]
    if isinstance(helpdesk, RtHelpdesk):
        theirs = {name for name, is_enabled in helpdesk.client.queues().items() if is_enabled}
    else:
        theirs = helpdesk.client.linked().get(field.name, set())
    return frozenset(map(field.ours, theirs))
