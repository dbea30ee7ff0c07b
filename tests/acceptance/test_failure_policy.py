"""Every row of the failure policy, over a real fleet and a provider that does nothing else."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest

from tasks.run import Run, State
from tests.acceptance.failure_policy import AWAY, MOST_REQUESTS, TABLE, Row
from tests.acceptance.fleet import Place, a_line, a_place
from tests.acceptance.patience import until
from worker.simulator.running import running
from worker.simulator.simulator import Simulator

TICKETS = 6
PATIENCE = 40.0
POLICY = "[retry]\nbase_seconds = 0.5\ncap_seconds = 2\npark_seconds = 60\n"
SETTINGS = "[reaper]\nsweep_seconds = 0.2\n"
GUARDS = """\
[breaker]
window_seconds = 5
open_seconds = 0.5
most_open_seconds = 1
ramp_seconds = 0.5
credential_seconds = 0.5
[retries]
floor = 1000
"""
TIERS = """\
[[models]]
name = "openai/{tier}"
credential = "OPENAI_API_KEY"
api_base = "{url}"
price = {{ input = 1, output = 2, cached_input = 0.5 }}
timeout_seconds = 1
why = "made up"
[[tiers]]
name = "{tier}"
models = ["openai/{tier}"]
why = "made up"
"""


@dataclass
class Rehearsal:
    """A fleet, and the provider of all its models."""

    place: Place
    provider: Simulator
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def take_in(self) -> list[str]:
        """So many tickets that nobody has seen."""
        names = [f"POLICY-{next(self.numbers):04}" for _ in range(TICKETS)]
        lines = [a_line(name, f"Which rate do I get? (ticket {name})") for name in names]
        assert self.place.take_in(*lines).ingested == TICKETS
        return names

    def runs(self, names: list[str]) -> list[Run]:
        return [self.place.run(name) for name in names]

    def requests(self, names: list[str]) -> Counter[str]:
        """How often each of them was asked about, by the provider's own log."""
        asked = Counter(str(record.ticket) for record in self.provider.log)
        return Counter({name: asked[name] for name in names})


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with running(Simulator({"alpha": 0})) as provider:
        tiers = [
            TIERS.format(tier=tier, url=provider["alpha"].url)
            for tier in ("economy", "standard", "premium")
        ]
        place = a_place(
            tmp_path_factory.mktemp("policy"),
            {"OPENAI_API_KEY": "made-up"},
            policy=POLICY,
            settings=SETTINGS,
            guards=GUARDS,
            tiers="\n".join(tiers),
        )
        front = place.start("up")
        try:
            until(lambda: front.says("ready\n"), 60)
            yield Rehearsal(place, provider)
            assert front.end().code == 0
        finally:
            place.clear()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.fault)
def test_what_becomes_of_tickets_while_a_provider_does_this(rehearsal: Rehearsal, row: Row) -> None:
    rehearsal.provider.play(row.fault)
    names = rehearsal.take_in()
    if row.waits:
        until(lambda: _all_wait(rehearsal.runs(names), row), PATIENCE)
        assert _dead(rehearsal.runs(names)) == []
        rehearsal.provider.play("ok")
    until(lambda: all(run.state not in UNSETTLED for run in rehearsal.runs(names)), PATIENCE)
    runs = rehearsal.runs(names)
    assert {(run.state, run.reason) for run in runs} == {(row.state, row.reason)}, row
    most = MOST_REQUESTS if row.waits else row.requests
    assert max(rehearsal.requests(names).values()) <= most
    assert rehearsal.place.shop.ledger.books().balanced
    _expect_sound(rehearsal, runs)


UNSETTLED = (State.QUEUED, State.RUNNING, State.WAITING)


def _all_wait(runs: list[Run], row: Row) -> bool:
    return {run.state for run in runs} == {State.WAITING} and {
        run.reason for run in runs
    } <= row.waits


def _dead(runs: list[Run]) -> list[Run]:
    return [run for run in runs if run.state is State.DEAD]


def _expect_sound(rehearsal: Rehearsal, runs: list[Run]) -> None:
    """The helpdesk holds what was decided, and of what was not decided nothing."""
    known = {issue.name for issue in rehearsal.place.shop.config.taxonomy.issue_types}
    for run in runs:
        shown = rehearsal.place.shop.sandbox.show(run.external_id)
        assert shown is not None
        if run.state is State.WRITTEN:
            assert shown.fields["issue_type"] in known
            assert shown.fields["issue_type"] == run.issue_type
        else:
            assert shown.fields["issue_type"] is None


def test_what_the_ledger_charges_is_what_the_provider_has_billed(rehearsal: Rehearsal) -> None:
    """To the millionth, where it says what it has used."""
    rehearsal.provider.play("ok")
    names = rehearsal.take_in()
    until(lambda: all(run.state is State.WRITTEN for run in rehearsal.runs(names)), PATIENCE)
    for run in rehearsal.runs(names):
        [record] = [one for one in rehearsal.provider.log if one.ticket == run.external_id]
        fresh = record.input_tokens - record.cached_tokens
        cost = fresh * 1 + record.cached_tokens * 0.5 + record.output_tokens * 2
        assert run.micro_usd == -(-cost // 1)


def test_the_table_names_every_way_to_be_away() -> None:
    assert len({row.fault for row in TABLE}) == len(TABLE) >= len(AWAY) + 25
