"""The operator's files lie over ours key by key, so that a file need hold only what differs."""

from pathlib import Path

import pytest

from config.errors import ConfigError
from tests.unit.config.overlay import loaded, overlay


def test_without_a_folder_our_own_configuration_holds() -> None:
    """The shipped defaults are valid as a whole."""
    config = loaded()
    assert config.settings.worker.drain_seconds == 25.0
    assert len(config.taxonomy.names) == 10


def test_a_key_that_is_named_replaces_ours_and_its_neighbours_stay(tmp_path: Path) -> None:
    """Tables are merged."""
    ours = loaded().settings
    config = loaded(overlay(tmp_path, settings="[worker]\nconcurrency = 7"))
    assert config.settings.worker.concurrency == 7
    assert config.settings.worker.drain_seconds == ours.worker.drain_seconds
    assert config.settings.heart == ours.heart


def test_a_list_is_replaced_whole(tmp_path: Path) -> None:
    """Lists are not merged: who names promises names all of them."""
    config = loaded(overlay(tmp_path, policy="forbidden_promises = ['\\bfree\\b']"))
    assert config.policy.forbidden_promises == (r"\bfree\b",)
    assert config.policy.retry == loaded().policy.retry


def test_an_issue_type_is_added_beside_ours(tmp_path: Path) -> None:
    """A new table stands beside the shipped ones."""
    text = """
        [issue_types.loans]
        description = "Borrowing money."
        queue = "loans"
        priority = { basic = 3, plus = 3, business = 2 }
    """
    names = loaded(overlay(tmp_path, taxonomy=text)).taxonomy.names
    assert names == (*loaded().taxonomy.names, "loans")


def test_one_value_of_a_shipped_issue_type_can_be_changed(tmp_path: Path) -> None:
    """Merging goes to any depth."""
    text = "[issue_types.card.priority]\nbasic = 1"
    card = loaded(overlay(tmp_path, taxonomy=text)).taxonomy.issue_type("card")
    assert card is not None
    assert (card.priority.basic, card.priority.plus, card.queue) == (1, 3, "cards")


def test_replace_leaves_ours_out(tmp_path: Path) -> None:
    """`replace = true` takes the operator's table whole."""
    text = """
        [issue_types]
        replace = true
        [issue_types.loans]
        description = "Borrowing money."
        queue = "loans"
        priority = { basic = 3, plus = 3, business = 2 }
    """
    config = loaded(overlay(tmp_path, taxonomy=text))
    assert config.taxonomy.names == ("loans",)
    assert config.taxonomy.criterion("theft") is not None


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """A file may be there before it says anything."""
    assert loaded(overlay(tmp_path, settings="", taxonomy="")).taxonomy == loaded().taxonomy


def test_two_readings_of_the_same_files_are_equal(tmp_path: Path) -> None:
    """Nothing is changed by reading it, so a second reader sees what the first one saw."""
    overlay(tmp_path, settings="[intake]\nbatch = 9")
    assert loaded(tmp_path) == loaded(tmp_path)


@pytest.mark.parametrize("name", ["missing", "settings.toml"])
def test_a_folder_that_is_none_is_said_by_name(tmp_path: Path, name: str) -> None:
    """A wrong TRIAGE_CONFIG stops the start; nobody runs by accident on our defaults."""
    overlay(tmp_path, settings="")
    with pytest.raises(ConfigError, match=rf"TRIAGE_CONFIG names .*{name}, which is not a direc"):
        loaded(tmp_path / name)
