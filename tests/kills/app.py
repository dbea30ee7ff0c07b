"""The real app, which kills its own process at a waypoint: `celery -A tests.kills.app worker …`.

TRIAGE_TEST_KILL_AT names the waypoint; the process dies there the first time that it passes, as by
kill -9.
A suspect's process does not: it would be taken for poison, and rightly. The helpdesk is the
embedded one with the least that a helpdesk can do: nothing but the protocol prevents a second note.
"""

import os
import signal
from dataclasses import replace
from multiprocessing import parent_process

from config.environment import Environment
from tasks.ports.helpdesk import Capabilities
from tasks.waypoints import Waypoint, listen
from worker.celery_app import build
from worker.compose import open_shop
from worker.crew import hire
from worker.fleet import Fleet
from worker.helpdesks.embedded import EmbeddedHelpdesk

VARIABLE = "TRIAGE_TEST_KILL_AT"
PLAIN = Capabilities(conditional_write="none", once_only_notes=False, settle_seconds=0.5)


def hire_mortal(environment: Environment, queues: frozenset[str]) -> Fleet:
    """A worker's fleet that dies where it is told to."""
    fatal = environment.credentials.get(VARIABLE)

    def passing(waypoint: Waypoint) -> None:
        if waypoint == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    if parent_process() is None:
        listen(passing)
    shop = open_shop(environment)
    helpdesk = EmbeddedHelpdesk(shop.home.helpdesk, shop.clock, capabilities=PLAIN)
    return hire(replace(shop, helpdesk=helpdesk), queues)


app = build(Environment.read(), hire_mortal)
