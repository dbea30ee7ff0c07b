"""A real fleet whose answers have to pass a judge that takes its time."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.events import Kind
from tasks.run import State
from tests.acceptance.fleet import Place, Running, a_line, a_place
from tests.acceptance.hosted import answers
from tests.acceptance.patience import until
from tests.acceptance.test_failure_policy import GUARDS, POLICY, SETTINGS, TIERS
from tests.stubs.openai_server import OpenAIServer, openai_server
from worker.simulator.running import running
from worker.simulator.simulator import Simulator

pytestmark = pytest.mark.timeout(240)

JUDGES = """
[[judges]]
name = "openai/judge"
credential = "JUDGE_API_KEY"
api_base = "{url}"
price = {{ input = 1, output = 2 }}
timeout_seconds = 20
why = "made up"
"""
SLOW = 3.0


@contextmanager
def _fleet(
    folder: Path, share: float, judge: str = "ok", at: str | None = None
) -> Iterator[tuple[Place, Simulator]]:
    """One whose models answer at once, and whose judge does `judge`, or is another one `at`."""
    folder.mkdir()
    with running(Simulator({"alpha": 0, "judge": 0}, latency="0.02-0.1")) as providers:
        providers.play(judge, "judge")
        tiers = [
            TIERS.format(tier=tier, url=providers["alpha"].url)
            for tier in ("economy", "standard", "premium")
        ]
        rules = f"[judge]\nshare = {share}\ncustomer_tiers = []\nescalations = false\n"
        place = a_place(
            folder,
            {"OPENAI_API_KEY": "made-up", "JUDGE_API_KEY": "of its own"},
            policy=POLICY + rules,
            settings=SETTINGS,
            guards=GUARDS,
            tiers="\n".join([*tiers, JUDGES.format(url=at or providers["judge"].url)]),
        )
        try:
            yield place, providers
        finally:
            place.clear()


def _begin(place: Place) -> Running:
    front = place.start("up")
    until(lambda: front.says("ready\n"), 60)
    return front


def _lines(count: int) -> list[str]:
    names = [f"J-{number:04}" for number in range(count)]
    return [a_line(name, f"Which rate do I get? (ticket {name})") for name in names]


def test_nothing_is_written_before_the_judge_has_answered(tmp_path: Path) -> None:
    """At share 1.0, with a judge that takes three seconds and has a key of its own."""
    with _fleet(tmp_path / "all", 1.0, f"slow_{SLOW:g}") as (place, providers):
        front = _begin(place)
        place.take_in(*_lines(30))
        until(place.is_settled, 120)
        assert place.states()[State.WRITTEN] == 30
        heard = {one.ticket: one for one in providers.log if one.provider == "judge"}
        asked = [one for one in providers.log if one.provider == "judge"]
        assert len(asked) == len(heard) == 30, "each once"
        assert {one.key for one in asked}.isdisjoint(
            one.key for one in providers.log if one.provider == "alpha"
        )
        for run in place.runs():
            events = list(place.shop.ledger.events(run.id))
            begun = next(event.at for event in events if event.kind is Kind.INTENDED)
            judge = heard[run.external_id]
            assert judge.seconds >= SLOW
            assert begun >= judge.at + judge.seconds - 0.05  # two clocks read one after the other
            shown = place.ask("ticket", "show", run.external_id, "--json").json()
            assert "openai/judge agrees (a sample)" in [d["rule"] for d in shown["decisions"]]
        assert front.end().code == 0


def test_who_is_disputed_waits_for_a_person(tmp_path: Path) -> None:
    """A judge that finds fault with everything: no field is set by any of these answers."""
    said = {"agrees": False, "wrong": ["issue_type"], "why": "It is about something else."}
    with (
        openai_server(stub=OpenAIServer(answers(json.dumps(said)))) as judge,
        _fleet(tmp_path / "disputed", 1.0, at=judge.url) as (place, _),
    ):
        front = _begin(place)
        place.take_in(*_lines(5))
        until(place.is_settled, 120)
        runs = place.runs()
        assert {(run.state, run.reason) for run in runs} == {(State.IN_REVIEW, "disputed")}
        for run in runs:
            shown = place.shop.sandbox.show(run.external_id)
            assert shown is not None
            assert shown.fields["issue_type"] is None
        assert front.end().code == 0


def test_a_share_is_judged_and_the_same_tickets_after_a_restart(tmp_path: Path) -> None:
    """Of 200 at 0.1: between 12 and 30; where the fleet is killed on the way, and where not."""
    found = []
    for name, is_killed in (("calm", False), ("killed", True)):
        with _fleet(tmp_path / name, 0.1) as (place, providers):
            front = _begin(place)
            place.take_in(*_lines(200))
            if is_killed:
                until(lambda: place.states()[State.WRITTEN] > 60, 60)
                os.killpg(front.process.pid, signal.SIGKILL)
                front.process.wait()
                front = _begin(place)
            until(place.is_settled, 120)
            assert place.states()[State.WRITTEN] == 200
            found.append({one.ticket for one in providers.log if one.provider == "judge"})
            assert front.end().code == 0
    assert found[0] == found[1]
    assert 12 <= len(found[0]) <= 30
