"""One setting points every tier at the simulator; all else stays what will run."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from tests.unit.config.overlay import ONE_OF_EACH, loaded, overlay

AT = "http://127.0.0.1:8801"
KEYS = {"OPENAI_API_KEY": "sk-real", "ANTHROPIC_API_KEY": "sk-real-too"}


def test_every_model_is_asked_there_each_provider_at_a_port_of_its_own() -> None:
    """As its base URL ends: OpenAI's with /v1, Anthropic's without."""
    tiers = loaded(TRIAGE_SIMULATOR=AT).tiers
    bases = {name: tiers.model(name).api_base for tier in tiers.tiers for name in tier.models}
    assert {base for name, base in bases.items() if name.startswith("openai/")} == {f"{AT}/v1"}
    assert {base for name, base in bases.items() if name.startswith("anthropic/")} == {
        "http://127.0.0.1:8802"
    }


def test_each_tier_has_a_model_of_two_providers_and_needs_no_key() -> None:
    """So that one can stand in for the other, as where both keys are set."""
    staged, real = loaded(TRIAGE_SIMULATOR=AT).tiers, loaded(**KEYS).tiers
    assert staged.tiers == real.tiers
    for tier in staged.tiers:
        assert {name.partition("/")[0] for name in tier.models} == {"openai", "anthropic"}


def test_no_real_key_is_among_the_credentials() -> None:
    """Each has a made-up one of its own, so that one can be revoked and another not."""
    credentials = loaded(TRIAGE_SIMULATOR=AT, **KEYS).environment.credentials
    assert {name: credentials[name] for name in KEYS} == {
        name: f"simulated-{name}" for name in KEYS
    }


def test_prices_limits_and_rules_stay() -> None:
    staged, real = loaded(TRIAGE_SIMULATOR=AT).tiers, loaded(**KEYS).tiers
    assert staged.rules == real.rules
    for model in real.models:
        assert staged.model(model.name).model_copy(update={"api_base": None}) == model


def test_the_local_model_stays_in_the_worker() -> None:
    assert loaded(TRIAGE_SIMULATOR=AT).tiers.model("local/baseline").api_base is None


def test_an_operators_own_models_are_pointed_there_too(tmp_path: Path) -> None:
    """Their address is no provider's any more, whatever it was."""
    own = ONE_OF_EACH.format(name="mistral/own", credential='api_base = "https://real.test/v1"')
    tiers = loaded(overlay(tmp_path, tiers=own), TRIAGE_SIMULATOR="http://sim:9000").tiers
    assert tiers.model("mistral/own").api_base == "http://sim:9000/v1"


@pytest.mark.parametrize(
    "said", ["on", "127.0.0.1:8801", "https://127.0.0.1:8801", "http://127.0.0.1", "http://h:99999"]
)
def test_an_address_that_is_none_is_told_with_one(said: str) -> None:
    with pytest.raises(ConfigError, match=r"TRIAGE_SIMULATOR .*give http://HOST:PORT"):
        loaded(TRIAGE_SIMULATOR=said)


def test_one_model_in_place_of_all_and_the_simulator_are_not_both_meant() -> None:
    with pytest.raises(ConfigError, match="unset the one you do not mean"):
        loaded(TRIAGE_SIMULATOR=AT, TRIAGE_MODEL="openai/x", TRIAGE_MODEL_PRICE="1,2")
