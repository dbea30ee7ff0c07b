"""Prompts are files; a prompt's version is what it says, so that no two texts share one."""

from pathlib import Path
from string import Template

import pytest

from config.errors import ConfigError
from config.prompts import REQUIRED, Prompt, read_prompt

BLANKS = {"fence", "issue_types", "criteria", "priorities"}
"""What `tasks.prompt` fills in."""


def _lay(folder: Path, text: str) -> Path:
    (folder / "prompts").mkdir(exist_ok=True)
    (folder / "prompts" / "classify.md").write_text(text, encoding="utf-8")
    return folder


def test_the_same_text_is_the_same_version() -> None:
    """A redeployment of the same prompt is no new version."""
    assert read_prompt("classify", None).version == read_prompt("classify", None).version


def test_another_letter_is_another_version() -> None:
    """What a bad version wrote can be told from what the good one wrote."""
    good, bad = Prompt(name="classify", text="Decide."), Prompt(name="classify", text="Decide!")
    assert good.version != bad.version
    assert good.version.startswith("classify-")
    assert len(good.version) == len("classify-") + 12


def test_a_version_is_a_name_that_any_shell_and_any_file_takes() -> None:
    """`triage recall --prompt VERSION` needs no quoting."""
    assert read_prompt("classify", None).version.replace("-", "").isalnum()


def test_the_operators_prompt_takes_the_place_of_ours(tmp_path: Path) -> None:
    """A prompt is replaced whole: half of one means nothing."""
    theirs = read_prompt("classify", _lay(tmp_path, "Sort $fence.\n"))
    assert theirs.text == "Sort $fence."
    assert theirs.version != read_prompt("classify", None).version


def test_a_folder_without_prompts_keeps_ours(tmp_path: Path) -> None:
    """Who changes the taxonomy need not copy the prompt."""
    assert read_prompt("classify", tmp_path) == read_prompt("classify", None)


def test_an_empty_prompt_is_refused_by_name(tmp_path: Path) -> None:
    """A model that is asked nothing answers something all the same."""
    with pytest.raises(ConfigError, match=r"prompt 'classify' is empty: .*classify\.md"):
        read_prompt("classify", _lay(tmp_path, " \n"))


def test_a_prompt_without_a_fence_is_refused(tmp_path: Path) -> None:
    """Ticket text that nothing marks as data would be read as instructions."""
    with pytest.raises(ConfigError, match=r"never says \$fence"):
        read_prompt("classify", _lay(tmp_path, "Sort this."))


def test_a_prompt_that_does_not_exist_is_refused_by_name() -> None:
    """The message says which file was looked for."""
    with pytest.raises(ConfigError, match=r"prompt 'sing' is missing: .*sing\.md does not exist"):
        read_prompt("sing", None)


@pytest.mark.parametrize("name", REQUIRED)
def test_every_required_prompt_is_shipped(name: str) -> None:
    """The wheel has to carry them."""
    assert read_prompt(name, None).text


def test_the_shipped_prompt_uses_every_blank_that_is_filled_in_and_no_other() -> None:
    """A misspelt `$fence` would leave the ticket unfenced."""
    blanks = set(Template(read_prompt("classify", None).text).get_identifiers())
    assert blanks == BLANKS
