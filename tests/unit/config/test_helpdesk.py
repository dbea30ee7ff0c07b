"""Which helpdesk is spoken to, and what our fields are called there."""

from pathlib import Path

import pytest

from config.environment import Environment
from config.errors import ConfigError
from config.helpdesk import TheirField
from config.load import load

ADDRESS = "https://rt.example.org/sub/"


def environment(**variables: str) -> Environment:
    named = {f"TRIAGE_HELPDESK{name}": value for name, value in variables.items()}
    return Environment.read(named)


def test_without_a_word_it_is_the_embedded_one() -> None:
    found = load(environment()).helpdesk
    assert (found.kind, found.remote) == ("embedded", None)


@pytest.mark.parametrize("kind", ["rt", "roundup"])
def test_the_environment_names_kind_and_address(kind: str) -> None:
    found = load(environment(**{"": kind, "_URL": ADDRESS, "_TOKEN": "secret"})).helpdesk
    assert found.kind == kind
    assert found.remote is not None
    assert found.remote.url == ADDRESS


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"": "zendesk"}, "embedded, rt, roundup"),
        ({"": "rt", "_TOKEN": "secret"}, "TRIAGE_HELPDESK_URL"),
        ({"": "rt", "_URL": "rt.example.org", "_TOKEN": "secret"}, "TRIAGE_HELPDESK_URL"),
        ({"": "rt", "_URL": ADDRESS}, "TRIAGE_HELPDESK_TOKEN is not set"),
    ],
    ids=["kind", "no-address", "no-scheme", "no-token"],
)
def test_what_is_missing_is_said(variables: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load(environment(**variables))


def test_a_file_says_as_much(tmp_path: Path) -> None:
    (tmp_path / "helpdesk.toml").write_text(
        f'kind = "rt"\n[rt]\nurl = "{ADDRESS}"\ncredential = "RT_TOKEN"\n'
        '[rt.fields.queue]\nvalues = { cards = "Card Services" }\n'
    )
    read = Environment.read({"TRIAGE_CONFIG": str(tmp_path), "RT_TOKEN": "secret"})
    found = load(read).helpdesk
    assert found.rt.fields["queue"].theirs("cards") == "Card Services"
    assert found.rt.fields["queue"].theirs("fraud") == "fraud"


def test_values_are_told_apart_on_the_way_back() -> None:
    """RT's 3 is not our 3, which is 40 there."""
    priority = TheirField(name="Priority", values={"1": "90", "3": "40"})
    assert [priority.ours(theirs) for theirs in ("90", "40", "75", "3")] == [
        "1",
        "3",
        "75",
        "3 (theirs)",
    ]


def test_two_values_that_are_called_the_same_are_refused(tmp_path: Path) -> None:
    (tmp_path / "helpdesk.toml").write_text(
        '[rt.fields.priority]\nvalues = { 1 = "90", 2 = "90" }\n'
    )
    with pytest.raises(ConfigError, match="told apart"):
        load(Environment.read({"TRIAGE_CONFIG": str(tmp_path)}))


def test_a_key_that_was_pasted_as_a_page_shortens_it_is_told() -> None:
    """Else it fails deep inside a client, at the first request."""
    token = "1-28-\N{HORIZONTAL ELLIPSIS}"
    with pytest.raises(ConfigError, match="TRIAGE_HELPDESK_TOKEN holds a character that no key"):
        load(environment(**{"": "rt", "_URL": ADDRESS, "_TOKEN": token}))


def test_an_address_without_a_scheme_is_shown() -> None:
    with pytest.raises(ConfigError, match=r"rt\.example\.org"):
        load(environment(**{"": "rt", "_URL": "rt.example.org", "_TOKEN": "secret"}))
