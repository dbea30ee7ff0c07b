"""An operator's configuration in a folder of its own."""

from pathlib import Path

from config.environment import Environment
from config.load import Config, load

ONE_OF_EACH = """
default = "economy"
[[models]]
name = "{name}"
price = {{ input = 1, output = 2 }}
why = "ours"
{credential}
[[tiers]]
name = "economy"
models = ["{name}"]
why = "all of it"
[[tiers]]
name = "standard"
models = ["{name}"]
why = "all of it"
[[tiers]]
name = "premium"
models = ["{name}"]
why = "all of it"
"""
"""A tiers.toml with a single model."""


def overlay(folder: Path, **files: str) -> Path:
    """Writes each text to NAME.toml in `folder`."""
    for name, text in files.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def loaded(folder: Path | None = None, /, **variables: str) -> Config:
    """The configuration with that folder laid over ours, and those environment variables."""
    named = {"TRIAGE_CONFIG": str(folder)} if folder else {}
    return load(Environment.read(named | variables))
