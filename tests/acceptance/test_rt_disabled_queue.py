"""A queue that people disable while a ticket is on its way there: a live Request Tracker's."""

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from config.tiers import TIERS
from tasks.ports.model import Question, Reply, nobody_minds
from tasks.run import Run, State
from tests.acceptance.fleet import Place, a_place
from tests.acceptance.patience import until
from tests.servers.rt import Rt
from tests.simulation.parts import STOLEN, Provider
from worker.broker import server
from worker.crew import hire
from worker.desks import open_desks
from worker.fleet import Fleet

QUEUE = "fraud"
"""Where the decision of tests.simulation.parts would put it."""

pytestmark = pytest.mark.timeout(180)


class Disabling(Provider):
    """A provider during whose answer somebody disables the queue that the answer leads to."""

    def __init__(self, rt: Rt) -> None:
        super().__init__()
        self._rt = rt

    async def ask(self, question: Question, look: Callable[[], None] = nobody_minds) -> Reply:
        enable(self._rt, enabled=False)
        return await super().ask(question, look)


def enable(rt: Rt, *, enabled: bool) -> None:
    rt.ask("PUT", f"/queue/{QUEUE}", body={"Disabled": 0 if enabled else 1})


TRUSTED = """
[[autonomy.unmeasured]]
helpdesk = "rt"
by = "this test"
until = 2100-01-01
"""


@pytest.fixture
def home(tmp_path: Path, rt: Rt) -> Iterator[Place]:
    """One whose tickets live in Request Tracker; all of its queues are enabled in the end."""
    with server.start(tmp_path / "redis") as redis:
        place = a_place(
            tmp_path,
            {
                "TRIAGE_BROKER_URL": redis.url,
                "TRIAGE_MODEL": "local/baseline",
                "TRIAGE_HELPDESK": "rt",
                "TRIAGE_HELPDESK_URL": rt.url,
                "TRIAGE_HELPDESK_TOKEN": rt.token,
            },
            helpdesk="[rt]\nsettle_seconds = 0.2\n",
            policy=TRUSTED,
        )
        place.may_write()
        yield place
        place.clear()
        enable(rt, enabled=True)


@pytest.fixture
def fleet(home: Place, rt: Rt) -> Iterator[Fleet]:
    """A worker in this process, which keeps what it has learnt of RT."""
    hired = hire(home.shop, frozenset(TIERS), partial(open_desks, home.shop, Disabling(rt)))
    hired.start()
    yield hired
    hired.stop()


def carried(home: Place, fleet: Fleet, ticket: str, state: State) -> Run:
    """The ticket's run when it has come to rest there."""

    def has_come() -> bool:
        for run in home.runs(states=(State.QUEUED,)):
            fleet.carry(run.id, run.send_n)
        return home.is_settled() and home.run(ticket).state is state

    until(has_come, 60)
    return home.run(ticket)


def a_mail() -> bytes:
    message = EmailMessage()
    message["From"], message["To"] = "basic@example.com", "help@example.org"
    message["Subject"] = "Card"
    message.set_content(STOLEN)
    return message.as_bytes()


def held(rt: Rt, ticket: str) -> dict[str, Any]:
    """What a decision would have set there."""
    found = rt.ask("GET", f"/ticket/{ticket}", **{"fields[Queue]": "Name"})
    custom = {one["name"]: (one["values"] or [None])[0] for one in found["CustomFields"]}
    return {
        "queue": found["Queue"]["Name"],
        "priority": found["Priority"],
        "issue type": custom["Issue type"],
        "escalated": custom["Escalated"],
    }


def test_a_queue_disabled_on_the_way_is_not_written_until_it_is_enabled(
    home: Place, fleet: Fleet, rt: Rt
) -> None:
    """Nothing of the decision is set; the dead letter names the queue, and goes on when told to.

    The model is not asked again, else its provider would disable the queue once more.
    """
    home.ask("intake")
    ticket = rt.mail(a_mail())
    before = held(rt, ticket)
    home.ask("intake")

    dead = carried(home, fleet, ticket, State.DEAD)
    assert (dead.stage, dead.reason) == ("write", "helpdesk_refused")
    # Of other tickets here nothing is known: this RT has those of other tests as well.
    letters = home.ask("dead", "list", "--json").json()
    [told] = [one for one in letters if one["ticket"] == ticket]
    assert f"the queue {QUEUE} is disabled" in told["why"]
    # It is given to people in the queue for those that no machine decides about, and that is all.
    assert held(rt, ticket) == before | {"queue": home.shop.config.taxonomy.fallback_queue}

    enable(rt, enabled=True)
    home.ask("dead", "requeue", ticket, "--yes")
    written = carried(home, fleet, ticket, State.WRITTEN)
    assert written.revision == dead.revision
    wanted = {"queue": QUEUE, "priority": "90", "issue type": "security", "escalated": "theft"}
    assert held(rt, ticket) == wanted
