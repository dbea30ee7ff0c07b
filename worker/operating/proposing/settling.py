"""Makes the proposal a configuration that a fleet can be started with."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from config.environment import Environment
from config.load import load
from worker.clock import SystemClock
from worker.compose import CHECKOUT
from worker.home import Home
from worker.models.local import load_local
from worker.operating.proposing.documents import documents
from worker.operating.proposing.folder import put
from worker.operating.proposing.proposal import Proposal


def settle(
    proposal: Proposal,
    *,
    rare: Iterable[str],
    source: str,
    directory: Path,
    environment: Environment,
) -> None:
    """Writes it, and teaches the local model where a fleet of this home looks for it.

    A kill between the two costs the next start the teaching. Raises OperatorError where a file
    is there already.
    """
    put(documents(proposal, rare, source, directory), directory)
    config = load(replace(environment, config=directory, helpdesk="embedded"))
    cache = Home(environment.home).prepare().cache
    load_local(config, CHECKOUT, cache, SystemClock())
