"""Whether a process of this machine is well, for the health checks of containers.

`python -m worker.health worker [TIER] | beat | flower`. Exit code 0: it is well; 1: it is not, with
a sentence that says why; 2: nothing is called that. A check runs again and again beside the work,
so it imports neither Celery nor SQLAlchemy, which halves the CPU that it costs.
"""

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from socket import gethostname

from config.environment import Environment
from config.errors import ConfigError
from config.load import load
from config.settings import Pages, Settings
from config.tiers import TIERS
from tasks.errors import LedgerDown
from worker.clock import SystemClock
from worker.home import Home

UNKNOWN = 2
USAGE = f"usage: python -m worker.health worker [{'|'.join(TIERS)}] | beat | flower"

LIVES = "SELECT host, tiers, beat_at FROM workers WHERE ended_at IS NULL"
LOOK_SECONDS = 5

SCHEDULE = "beat-schedule*"
"""Beat's schedule in the home; some kinds of file have an ending, some are two files."""

SYNC_SECONDS = 180.0
"""Beat brings its schedule up to date when it is older (celery.beat.Scheduler.sync_every)."""

LOOP_SECONDS = 300.0
"""Beat sleeps no longer, and wakes for each poll (celery.beat.DEFAULT_MAX_INTERVAL)."""

GRACE_SECONDS = 60.0

EVERYWHERE = {"", "0.0.0.0", "::"}  # noqa: S104 - nothing is bound here: these are recognised
OK = 200


def main(words: Sequence[str]) -> int:
    """The exit code."""
    try:
        trouble = examine(words, Environment.read())
    except LookupError:
        return _say(USAGE, UNKNOWN)
    except (ConfigError, LedgerDown) as error:
        trouble = str(error)
    return _say(trouble, 1) if trouble else 0


def _say(what: str, code: int) -> int:
    sys.stderr.write(f"{what}\n")
    return code


def examine(words: Sequence[str], environment: Environment) -> str | None:
    """What is wrong with the process that these words name; None: nothing.

    Raises LookupError where they name none, ConfigError, LedgerDown.
    """
    settings = load(environment).settings
    match words:
        case ["worker"]:
            return _worker(environment, settings)
        case ["worker", tier] if tier in TIERS:
            return _worker(environment, settings, tier)
        case ["beat"]:
            return _beat(environment, settings)
        case ["flower"]:
            return _flower(settings.pages)
        case _:
            raise LookupError


def _worker(environment: Environment, settings: Settings, tier: str | None = None) -> str | None:
    """A container has one worker, so that its tier need not be named; a machine may have more."""
    here = gethostname()
    beats = [
        beat_at
        for host, tiers, beat_at in _lives(environment)
        if host == here and tier in (None, *tiers.split(","))
    ]
    who = f"{tier} worker" if tier else "worker"
    if not beats:
        return f"no {who} lives on {here}"
    silent = SystemClock().now() - max(beats)
    if silent >= settings.heart.lapse_seconds:
        return f"the {who} on {here} has had no heartbeat for {silent:.0f} s"
    return None


def _lives(environment: Environment) -> list[tuple[str, str, float]]:
    """Host, tiers and last heartbeat of every worker that has not ended. Raises LedgerDown."""
    url = environment.ledger_url or f"sqlite:///{Home(environment.home).ledger}"
    scheme, _, place = url.partition("://")
    return _on_sqlite(place[1:]) if scheme.startswith("sqlite") else _on_postgres(place)


def _on_sqlite(path: str) -> list[tuple[str, str, float]]:
    existing = f"{Path(path).absolute().as_uri()}?mode=rw"
    try:
        with closing(sqlite3.connect(existing, uri=True, timeout=LOOK_SECONDS)) as connection:
            return connection.execute(LIVES).fetchall()
    except sqlite3.OperationalError as error:
        raise LedgerDown(f"the ledger does not answer: {type(error).__name__}") from error


def _on_postgres(place: str) -> list[tuple[str, str, float]]:
    import psycopg  # noqa: PLC0415 - beat and Flower do without, and it takes a third of the time

    try:
        with psycopg.connect(f"postgresql://{place}", connect_timeout=LOOK_SECONDS) as connection:
            rows = connection.execute(LIVES).fetchall()
    except psycopg.Error as error:  # its text may quote the URL, and so a password
        raise LedgerDown(f"the ledger does not answer: {type(error).__name__}") from error
    return [(host, tiers, beat_at) for host, tiers, beat_at in rows]


def _beat(environment: Environment, settings: Settings) -> str | None:
    home = Home(environment.home).root
    written = [path.stat().st_mtime for path in home.glob(SCHEDULE)]
    if not written:
        return f"beat has no schedule in {home}"
    age = SystemClock().now() - max(written)
    if age > SYNC_SECONDS + min(settings.intake.poll_seconds, LOOP_SECONDS) + GRACE_SECONDS:
        return f"beat has not touched its schedule for {age:.0f} s"
    return None


def _flower(pages: Pages) -> str | None:
    address = "127.0.0.1" if pages.address in EVERYWHERE else pages.address
    try:
        with closing(HTTPConnection(address, pages.port, timeout=LOOK_SECONDS)) as connection:
            connection.request("GET", "/healthcheck")
            status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"Flower does not answer on port {pages.port}: {type(error).__name__}"
    return None if status == OK else f"Flower answers with {status} on port {pages.port}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
