"""A provider is away, and tickets come so rarely that no breaker sees many of them together."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.tiers import TIERS
from tasks.causes import Cause, WaitReason
from tasks.events import Kind
from tasks.run import State
from tests.acceptance.fleet import UNSETTLED, Place, a_line, a_place
from tests.acceptance.hosted import POLICY, SETTINGS, Hosted, Provider, environment, fails, says
from tests.acceptance.patience import until
from tests.rehearsal.stage import MODEL, TIER
from tests.stubs.openai_server import openai_server
from worker.broker import server
from worker.simulator.running import running
from worker.simulator.simulator import Simulator

CELERY = (sys.executable, "-m", "celery", "-A", "worker.app")
WORKER = ("worker", "-P", "threads", "-c", "32", "--without-gossip", "--without-mingle")
GUARDS = """\
[breaker]
window_seconds = 1
open_seconds = 0.3
most_open_seconds = 0.5
ramp_seconds = 0.1
"""
PROVIDER = "openai@"
ENOUGH = 10
"""Failures one after the other, however far apart: as many as a window needs."""


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Hosted]:
    with (
        openai_server(stub=Provider(fails(503))) as provider,
        server.start(tmp_path / "redis") as redis,
    ):
        assert isinstance(provider, Provider)
        variables = environment(provider) | {"TRIAGE_BROKER_URL": redis.url}
        place = a_place(tmp_path, variables, policy=POLICY, guards=GUARDS, settings=SETTINGS)
        worker = place.start(*WORKER, command=CELERY)
        try:
            until(lambda: place.shop.ledger.workers() or worker.process.poll() is not None, 60)
            yield Hosted(place=place, provider=provider)
        finally:
            place.clear()


def _is_quiet(fleet: Hosted) -> bool:
    """Whether nobody has asked the provider for as long as a window remembers."""
    breakers = fleet.place.ask("breaker", "list", "--json").json()
    [found] = [one for one in breakers if one["breaker"].startswith(PROVIDER)]
    assert found["state"] == "closed"
    return not found["calls"]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Place]:
    """A fleet whose only tier has two models, of two providers; the first one is away."""
    with (
        running(Simulator({"alpha": 0, "beta": 0})) as providers,
        server.start(tmp_path / "redis") as redis,
    ):
        providers.play("error_503", "alpha")
        names = ("alpha", "beta")
        models = [
            MODEL.format(name=name, key="OPENAI_API_KEY", url=providers[name].url, timeout=5)
            for name in names
        ]
        each = ", ".join(f'"openai/{name}"' for name in names)
        variables = {"OPENAI_API_KEY": "made-up", "TRIAGE_BROKER_URL": redis.url}
        place = a_place(
            tmp_path,
            variables,
            policy=POLICY,
            guards=GUARDS,
            settings=SETTINGS,
            tiers="\n".join((*models, *(TIER.format(tier=tier, models=each) for tier in TIERS))),
        )
        worker = place.start(*WORKER, command=CELERY)
        try:
            until(lambda: place.shop.ledger.workers() or worker.process.poll() is not None, 60)
            yield place
        finally:
            place.clear()


@pytest.mark.timeout(120)
def test_one_ticket_alone_is_written_by_the_tiers_next_model(two: Place) -> None:
    """No breaker has seen enough to send it on: its own last attempt does."""
    two.take_in(a_line("LONE-1", "Which rate do I get?"))
    until(lambda: two.run("LONE-1").state not in UNSETTLED)
    run = two.run("LONE-1")
    assert run.state is State.WRITTEN, run
    events = two.shop.ledger.events(run.id)
    [answered] = [event.body for event in events if event.kind is Kind.ANSWERED]
    assert answered["model"] == "openai/beta"
    assert str(answered["stands_in"]).startswith("stands in for openai/alpha: ")
    assert [event.kind for event in events].count(Kind.UNANSWERED) == 4


@pytest.mark.timeout(120)
def test_a_quiet_outage_is_seen_after_ten_failures_and_then_costs_nothing(fleet: Hosted) -> None:
    """Else each ticket of the night would spend its attempts within seconds, and go to people."""
    for _ in range(2):
        lone = fleet.triaged()
        assert (lone.state, lone.reason) == (State.DEAD, Cause.PROVIDER_DOWN)
        assert len(fleet.asked(lone)) == 4
        until(lambda: _is_quiet(fleet))
    waiting = [fleet.take_in() for _ in range(3)]

    def all_wait() -> bool:
        runs = [fleet.place.run(ticket) for ticket in waiting]
        return all((one.state, one.reason) == (State.WAITING, WaitReason.BREAKER) for one in runs)

    until(all_wait)
    assert len(fleet.provider.requests) >= ENOUGH
    fleet.provider.usual = says()
    assert {fleet.settled(ticket).state for ticket in waiting} == {State.WRITTEN}
