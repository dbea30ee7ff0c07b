"""The environment is read once, at the door, and its secrets are shown to nobody."""

from pathlib import Path

from config.environment import Environment
from tests.unit.config.overlay import loaded

SECRETS = {
    "TRIAGE_SECRET_KEY": "s3cret-1",
    "TRIAGE_MODEL_API_KEY": "s3cret-2",
    "TRIAGE_BROKER_URL": "redis://:s3cret-3@redis/0",
    "TRIAGE_LEDGER_URL": "postgresql://triage:s3cret-4@db/triage",
    "TRIAGE_MODEL_API_BASE": "https://user:s3cret-5@models.example",
    "SENTRY_DSN": "https://s3cret-6@sentry.example/1",
    "OPENAI_API_KEY": "s3cret-7",
    "TRIAGE_FLOWER_PASSWORD": "s3cret-8",
}


def test_an_empty_environment_gives_the_embedded_default() -> None:
    """Nothing has to be set."""
    found = Environment.read({})
    assert found.home == Path(".triage").absolute()
    assert found.log_level == "INFO"
    unset = (found.broker_url, found.ledger_url, found.config, found.secret_key, found.model)
    assert unset == (None, None, None, None, None)


def test_every_variable_is_read_under_its_name() -> None:
    """What docs/interface.md lists is what is read."""
    named = {
        "TRIAGE_HOME": "/srv/triage",
        "TRIAGE_CONFIG": "/etc/triage",
        "TRIAGE_MODEL": "openai/gpt-5-mini",
        "TRIAGE_MODEL_PRICE": "0.25,2",
        "TRIAGE_SOURCE": "file:inbox.jsonl",
        "TRIAGE_LOG_LEVEL": "debug",
    }
    found = Environment.read(named | SECRETS)
    assert found.home == Path("/srv/triage")
    assert found.config == Path("/etc/triage")
    assert (found.model, found.model_price) == ("openai/gpt-5-mini", "0.25,2")
    assert (found.source, found.log_level) == ("file:inbox.jsonl", "DEBUG")
    assert found.broker_url == SECRETS["TRIAGE_BROKER_URL"]
    assert found.ledger_url == SECRETS["TRIAGE_LEDGER_URL"]
    assert found.secret_key == SECRETS["TRIAGE_SECRET_KEY"]
    assert found.model_api_key == SECRETS["TRIAGE_MODEL_API_KEY"]
    assert found.model_api_base == SECRETS["TRIAGE_MODEL_API_BASE"]
    assert found.sentry_dsn == SECRETS["SENTRY_DSN"]
    assert found.credentials["OPENAI_API_KEY"] == SECRETS["OPENAI_API_KEY"]


def test_a_blank_variable_is_an_unset_one() -> None:
    """Compose files set what they do not know to nothing."""
    found = Environment.read({"TRIAGE_CONFIG": " ", "TRIAGE_MODEL": "", "OPENAI_API_KEY": ""})
    assert (found.config, found.model) == (None, None)
    assert "OPENAI_API_KEY" not in found.credentials


def test_a_relative_home_is_made_absolute() -> None:
    """A child with another working directory finds the same home."""
    assert Environment.read({"TRIAGE_HOME": "here"}).home == Path("here").absolute()


def test_no_secret_stands_in_what_is_printed() -> None:
    """A traceback, a log line or an error tracker shows values by `repr`."""
    shown = repr(Environment.read(SECRETS))
    assert "s3cret" not in shown
    assert "s3cret" not in repr(loaded(**{k: v for k, v in SECRETS.items() if "MODEL" not in k}))
