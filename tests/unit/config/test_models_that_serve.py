"""Which models serve: those that can be asked with the keys at hand, and no tier is left empty."""

from decimal import Decimal
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import Config
from config.serving import LOCAL
from tests.unit.config.overlay import ONE_OF_EACH, loaded, overlay

OPENAI = ("openai/gpt-6-luna", "openai/gpt-5-mini", "openai/gpt-6-sol")
ANTHROPIC = (
    "anthropic/claude-haiku-5-5",
    "anthropic/claude-haiku-4-5",
    "anthropic/claude-sonnet-5",
)


def _serving(config: Config) -> dict[str, tuple[str, ...]]:
    return {tier.name: tier.models for tier in config.tiers.tiers}


def test_without_any_key_the_local_model_serves_every_tier() -> None:
    """The embedded default needs no network."""
    config = loaded()
    assert set(_serving(config).values()) == {(LOCAL,)}
    assert [model.name for model in config.tiers.models] == [LOCAL]


@pytest.mark.parametrize(
    ("key", "names"), [("OPENAI_API_KEY", OPENAI), ("ANTHROPIC_API_KEY", ANTHROPIC)]
)
def test_with_one_key_that_provider_serves_every_tier(key: str, names: tuple[str, ...]) -> None:
    """A model whose key is missing is never asked."""
    assert tuple(_serving(loaded(**{key: "k"})).values()) == tuple((name,) for name in names)


def test_with_both_keys_each_tier_has_a_stand_in_of_the_other_provider() -> None:
    """An outage of one provider is not an outage of ours."""
    for models in _serving(loaded(OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k")).values():
        assert {name.partition("/")[0] for name in models} == {"openai", "anthropic"}


def test_beside_hosted_models_the_local_one_serves_only_where_it_is_named() -> None:
    """An outage of hosted models makes runs wait; it does not make them cheap."""
    assert not any(LOCAL in models for models in _serving(loaded(OPENAI_API_KEY="k")).values())


TWO_TIERS_KEYED = """
[[models]]
name = "openai/a"
credential = "A_KEY"
price = { input = 1, output = 1 }
why = ""
[[models]]
name = "openai/b"
credential = "B_KEY"
price = { input = 2, output = 2 }
why = ""
[[models]]
name = "openai/c"
credential = "C_KEY"
price = { input = 3, output = 3 }
why = ""
[[tiers]]
name = "economy"
models = ["openai/a"]
why = ""
[[tiers]]
name = "standard"
models = ["openai/b"]
why = ""
[[tiers]]
name = "premium"
models = ["openai/c"]
why = ""
"""

BORROWING = (
    (("B_KEY", "C_KEY"), ("openai/b", "openai/b", "openai/c")),
    (("A_KEY", "C_KEY"), ("openai/a", "openai/c", "openai/c")),
    (("A_KEY", "B_KEY"), ("openai/a", "openai/b", "openai/b")),
    (("A_KEY",), ("openai/a", "openai/a", "openai/a")),
    (("C_KEY",), ("openai/c", "openai/c", "openai/c")),
)
"""Keys that are set, and the model that then serves each tier."""


@pytest.mark.parametrize(("keys", "serving"), BORROWING)
def test_a_tier_without_a_key_borrows_from_the_nearest_one(
    tmp_path: Path, keys: tuple[str, ...], serving: tuple[str, ...]
) -> None:
    """Of two that are as near the dearer one lends: better is safer than cheaper."""
    config = loaded(overlay(tmp_path, tiers=TWO_TIERS_KEYED), **dict.fromkeys(keys, "k"))
    assert tuple(models for (models,) in _serving(config).values()) == serving


def test_a_model_that_needs_no_key_serves_where_it_is_named(tmp_path: Path) -> None:
    """A server of one's own is as good as a hosted one."""
    text = ONE_OF_EACH.format(name="ollama/llama4", credential="")
    config = loaded(overlay(tmp_path, tiers=text))
    assert set(_serving(config).values()) == {("ollama/llama4",)}


def test_a_key_whose_models_stand_in_no_tier_changes_nothing(tmp_path: Path) -> None:
    """Somebody's ANTHROPIC_API_KEY for another program must not stop the fleet."""
    text = """
        [[models]]
        name = "openai/x"
        credential = "OPENAI_API_KEY"
        price = { input = 1, output = 1 }
        why = ""
        [[models]]
        name = "anthropic/y"
        credential = "ANTHROPIC_API_KEY"
        price = { input = 1, output = 1 }
        why = ""
        [[models]]
        name = "local/baseline"
        price = { input = 0, output = 0 }
        why = ""
    """
    tiers = "".join(
        f'[[tiers]]\nname = "{name}"\nmodels = ["openai/x"]\nwhy = ""\n'
        for name in ("economy", "standard", "premium")
    )
    config = loaded(overlay(tmp_path, tiers=text + tiers), ANTHROPIC_API_KEY="k")
    assert set(_serving(config).values()) == {(LOCAL,)}


def test_when_no_model_can_be_asked_the_missing_keys_are_named(tmp_path: Path) -> None:
    """The remedy stands in the message."""
    text = ONE_OF_EACH.format(name="openai/x", credential='credential = "MY_KEY"')
    with pytest.raises(ConfigError, match="no model can be asked; set MY_KEY, or add local/base"):
        loaded(overlay(tmp_path, tiers=text))


def test_the_named_model_takes_the_place_of_every_tier() -> None:
    """TRIAGE_MODEL puts one model everywhere, with its price and without a stand-in."""
    config = loaded(
        TRIAGE_MODEL="openai/gpt-5-mini",
        TRIAGE_MODEL_PRICE=" 0.25 ; 2",
        TRIAGE_MODEL_API_BASE="http://127.0.0.1:8000/v1",
        TRIAGE_MODEL_API_KEY="k",
        ANTHROPIC_API_KEY="k",
    )
    assert set(_serving(config).values()) == {("openai/gpt-5-mini",)}
    (model,) = config.tiers.models
    assert model.api_base == "http://127.0.0.1:8000/v1"
    assert model.credential == "TRIAGE_MODEL_API_KEY"
    assert (model.price.input, model.price.output) == (Decimal("0.25"), Decimal(2))


def test_a_named_model_without_a_key_is_asked_without_one() -> None:
    """A server of one's own needs none."""
    (model,) = loaded(TRIAGE_MODEL="openai/x", TRIAGE_MODEL_PRICE="0,0").tiers.models
    assert model.credential is None


def test_the_local_model_can_be_named_without_a_price() -> None:
    """It costs nothing, so there is nothing to say; and the name wins over a key that is set."""
    config = loaded(TRIAGE_MODEL=LOCAL, OPENAI_API_KEY="k")
    assert set(_serving(config).values()) == {(LOCAL,)}


def test_a_named_model_without_a_price_is_refused() -> None:
    """Without a price the money cap would count nothing."""
    with pytest.raises(ConfigError, match=r"TRIAGE_MODEL_PRICE is not set.*TRIAGE_MODEL_PRICE=0"):
        loaded(TRIAGE_MODEL="openai/gpt-5-mini")


@pytest.mark.parametrize(
    "price", ["0.25", "1,2,3", "cheap,dear", "-1,2", "nan,1", "1,inf", ",", "0,25;2"]
)
def test_a_price_that_is_none_is_refused(price: str) -> None:
    """Two numbers, neither negative nor endless."""
    with pytest.raises(ConfigError, match=r"TRIAGE_MODEL_PRICE is .* give INPUT,OUTPUT in US"):
        loaded(TRIAGE_MODEL="openai/gpt-5-mini", TRIAGE_MODEL_PRICE=price)


def test_a_named_model_without_its_provider_is_refused() -> None:
    """Where a provider could be guessed, the guess is wrong some day."""
    with pytest.raises(ConfigError, match="name it as PROVIDER/MODEL"):
        loaded(TRIAGE_MODEL="gpt-5-mini", TRIAGE_MODEL_PRICE="1,2")
