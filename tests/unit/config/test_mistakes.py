"""Every mistake in a configuration is said with file, key and remedy, and never as a traceback."""

import os
from pathlib import Path

import pytest

from config.errors import ConfigError
from tests.unit.config.overlay import ONE_OF_EACH, loaded, overlay

MISTAKES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "not TOML": ("settings", "[worker]\nx = =\n", ("settings.toml is not valid TOML", "line 2")),
    "an unknown table": ("settings", "[wroker]\nconcurrency = 1", ("settings.toml", "wroker")),
    "an unknown key": (
        "settings",
        "[worker]\nconcurency = 1",
        ("settings.toml", "worker.concurency", "not permitted"),
    ),
    "a number out of range": (
        "settings",
        "[worker]\nconcurrency = 0",
        ("worker.concurrency", "greater than 0"),
    ),
    "a text for a number": ("policy", "quote_words = 'four'", ("policy.toml", "quote_words")),
    "a promise that is no pattern": (
        "policy",
        "forbidden_promises = ['refund(']",
        ("policy.toml", "forbidden_promises.0", "'refund(' is not a regular expression"),
    ),
    "a promise found in every draft": (
        "policy",
        "forbidden_promises = ['(refund)?']",
        ("forbidden_promises.0", "is found in every text"),
    ),
    "a limit that limits nothing": (
        "guards",
        "[[limits]]\nupstream = 'openai'",
        ("guards.toml", "limits.0", "it limits nothing"),
    ),
    "tokens of what costs none": (
        "guards",
        "[[limits]]\nupstream = 'helpdesk:rt'\ntokens_per_minute = 9",
        ("guards.toml", "limits.0", "only models cost tokens"),
    ),
    "a limit in which nothing can be written": (
        "guards",
        "[[limits]]\nupstream = 'helpdesk:rt'\nrequests_per_minute = 19",
        ("guards.toml", "limits.0", "takes up to 20 requests"),
    ),
    "two limits of one upstream": (
        "guards",
        "[[limits]]\nupstream = 'facts'\nrequests_per_minute = 1\n" * 2,
        ("guards.toml", "an upstream has two limits"),
    ),
    "a criterion that is missing": (
        "taxonomy",
        "[issue_types.card]\ncriteria = ['arson']",
        ("taxonomy.toml", "'card' names criteria that do not exist", "arson"),
    ),
    "a criterion without patterns": (
        "taxonomy",
        "[criteria.arson]\ndescription = 'Fire.'\npatterns = []",
        ("criteria.arson.patterns", "at least 1"),
    ),
    "a criterion that is no pattern": (
        "taxonomy",
        "[criteria.arson]\ndescription = 'Fire.'\npatterns = ['fire[']",
        ("criteria.arson.patterns.0", "'fire[' is not a regular expression"),
    ),
    "a criterion that any quote proves": (
        "taxonomy",
        "[criteria.arson]\ndescription = 'Fire.'\npatterns = ['fire|']",
        ("criteria.arson.patterns.0", "is found in every text"),
    ),
    "an issue type that is no table": (
        "taxonomy",
        "[issue_types]\ncards = 'cards'",
        ("taxonomy.toml", "issue_types must be tables", "[issue_types.NAME]"),
    ),
    "criteria as a list": ("taxonomy", "criteria = []", ("criteria must be tables",)),
    "an issue type under another's name": (
        "taxonomy",
        "[issue_types.card]\nname = 'cash'",
        ("taxonomy.toml", "an issue type is named twice"),
    ),
    "a name that no helpdesk takes": (
        "taxonomy",
        "[issue_types.'Lost cards']\nqueue = 'q'",
        ("issue_types.Lost cards.name",),
    ),
    "a queue that rings a bell": (
        "taxonomy",
        '[issue_types.card]\nqueue = "cards\\u0007"',
        ("issue_types.card.queue", "is no name of a queue"),
    ),
    "a fallback queue without a name": (
        "taxonomy",
        "fallback_queue = ''",
        ("taxonomy.toml", "fallback_queue", "1 to 60 printable characters"),
    ),
    "an issue type without its priorities": (
        "taxonomy",
        "[issue_types.loans]\ndescription = 'Loans.'\nqueue = 'loans'",
        ("issue_types.loans.priority", "required"),
    ),
    "a priority of five": (
        "taxonomy",
        "[issue_types.card.priority]\nbasic = 5",
        ("issue_types.card.priority.basic",),
    ),
    "a tier's model without an entry": (
        "tiers",
        ONE_OF_EACH.format(name="openai/x", credential="").replace('["openai/x"]', '["openai/y"]'),
        ("tiers.toml", "'economy' names models without an entry, so no price", "openai/y"),
    ),
    "a model without its price": (
        "tiers",
        "[[models]]\nname = 'openai/x'\nwhy = 'cheap'",
        ("models.openai/x.price", "required"),
    ),
    "a price below nothing": (
        "tiers",
        "[[models]]\nname = 'openai/x'\nwhy = ''\nprice = { input = -1, output = 0 }",
        ("models.openai/x.price.input",),
    ),
    "a model without its provider": (
        "tiers",
        ONE_OF_EACH.format(name="gpt", credential=""),
        ("models.gpt.name", "pattern"),
    ),
    "a model twice": (
        "tiers",
        ONE_OF_EACH.format(name="openai/x", credential="")
        + "[[models]]\nname = 'openai/x'\nwhy = ''\nprice = { input = 1, output = 1 }",
        ("a model has two entries",),
    ),
    "a tier too few": (
        "tiers",
        "[[tiers]]\nname = 'economy'\nmodels = ['local/baseline']\nwhy = ''",
        ("economy, standard, premium, in this order",),
    ),
    "a rule for a tier that is none": (
        "tiers",
        "[[rules]]\ntier = 'gold'\nwhy = ''",
        ("rules.0.tier",),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_said_with_its_file_and_its_place(tmp_path: Path, mistake: str) -> None:
    """Every line of the table: the message holds what the operator needs to mend it."""
    name, text, needed = MISTAKES[mistake]
    with pytest.raises(ConfigError) as refused:
        loaded(overlay(tmp_path, **{name: text}))
    said = str(refused.value)
    assert [part for part in needed if part not in said] == [], said
    assert "Value error" not in said


def test_every_mistake_of_a_file_is_said_at_once(tmp_path: Path) -> None:
    """Nobody mends ten mistakes in ten starts."""
    with pytest.raises(ConfigError) as refused:
        loaded(overlay(tmp_path, settings="[worker]\nconcurrency = 0\ngroup_rows = 0"))
    assert "worker.concurrency" in str(refused.value)
    assert "worker.group_rows" in str(refused.value)


def test_a_file_in_another_encoding_is_said_to_be_no_toml(tmp_path: Path) -> None:
    """Latin-1 is the most common of the wrong ones."""
    (tmp_path / "settings.toml").write_bytes("# gr\u00f6\u00dfer".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"settings\.toml is not valid TOML"):
        loaded(tmp_path)


def test_a_file_that_cannot_be_read_is_said_by_name(tmp_path: Path) -> None:
    """A refusal of the system is a mistake in the configuration, not a traceback."""
    if os.geteuid() == 0:  # nothing is closed to root but what the kernel itself cannot read
        (tmp_path / "settings.toml").symlink_to("/proc/self/mem")
    else:
        overlay(tmp_path, settings="").joinpath("settings.toml").chmod(0)
    with pytest.raises(ConfigError, match=r"settings\.toml cannot be read"):
        loaded(tmp_path)


def test_a_file_that_nobody_reads_is_named(tmp_path: Path) -> None:
    """`tier.toml` for `tiers.toml` must not leave the operator with our tiers in silence."""
    with pytest.raises(ConfigError, match=r"tier\.toml, which nobody reads; known are .*tiers"):
        loaded(overlay(tmp_path, tier="default = 'premium'"))


def test_a_base_url_without_a_model_is_refused() -> None:
    """Whoever sets the one and forgets the other would be served by another model."""
    with pytest.raises(ConfigError, match="name the model it serves"):
        loaded(TRIAGE_MODEL_API_BASE="http://127.0.0.1:8000/v1")
