"""What the providers of a storm say to a ticket, whatever the weather."""

import json
from functools import partial
from pathlib import Path

import pytest

from tests.acceptance.fleet import a_place
from tests.chaos.arena import GUARDS, tiers
from tests.chaos.provider import PROVIDERS, ScriptedModel, ScriptedProvider, Scripts
from tests.chaos.script import FAILURES, Family, Script, script
from worker.simulator.request import Request
from worker.simulator.simulator import Simulator

SEED = 5


def of(family: Family) -> Script:
    """The first ticket of that family."""
    return next(one for n in range(3_000) if (one := script(SEED, n)).family is family)


@pytest.fixture
def simulator() -> Simulator:
    scripts = Scripts(SEED)
    provider = partial(ScriptedProvider, scripts=scripts)
    return Simulator({"openai": 0}, model=ScriptedModel(scripts), provider=provider)


def asks(simulator: Simulator, one: Script, weather: str = "ok") -> str:
    """What a request about that ticket meets, by the log."""
    simulator.set_profile(weather)
    said = [{"role": "user", "content": f"Which rate? (ticket {one.id})"}]
    body = json.dumps({"model": "made-up", "messages": said}).encode()
    request, provider = Request("/v1/chat/completions", {}, body), simulator["openai"]
    provider.ended(request, provider.answer(request), "answered")
    return list(simulator.log)[-1].fault


def test_in_fair_weather_a_ticket_meets_what_its_script_has(simulator: Simulator) -> None:
    one = of(Family.TRANSIENT)
    assert set(one.plays) <= set(FAILURES)
    met = [asks(simulator, one) for _ in range(len(one.plays) + 2)]
    assert met == [*one.plays, "ok", "ok"]


def test_a_failure_of_its_own_is_met_by_bad_weather(simulator: Simulator) -> None:
    one = of(Family.TRANSIENT)
    assert {asks(simulator, one, "error_503") for _ in one.plays} == {"error_503"}
    assert asks(simulator, one) == "ok"


def test_weather_in_which_models_answer_changes_nothing_for_who_is_refused(
    simulator: Simulator,
) -> None:
    one = of(Family.REFUSED)
    assert [asks(simulator, one, weather) for weather in ("slow_2", "words", "ok")] == [
        "refusal",
        "refusal",
        "refusal",
    ]
    assert asks(simulator, one, "error_401") == "error_401"


def test_a_storms_breakers_open_for_seconds_and_each_tier_has_somebody_to_stand_in(
    tmp_path: Path,
) -> None:
    keys = {f"{provider.upper()}_API_KEY": "made-up" for provider in PROVIDERS}
    urls = {provider: f"http://127.0.0.1:{port}/v1" for port, provider in enumerate(PROVIDERS, 1)}
    place = a_place(tmp_path, keys, guards=GUARDS, tiers=tiers(urls))
    try:
        config = place.shop.config
    finally:
        place.clear()
    breaker = config.guards.breaker
    assert (breaker.open_seconds, breaker.most_open_seconds) == (1.0, 4.0)
    assert (breaker.credential_seconds, breaker.ramp_seconds) == (2.0, 3.0)
    assert config.guards.retries.floor == 30
    models = [f"{provider}/made-up" for provider in PROVIDERS]
    assert [list(tier.models) for tier in config.tiers.tiers] == [models] * 3
