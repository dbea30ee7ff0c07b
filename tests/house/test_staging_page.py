"""docs/staging.md says of faults, profiles and the log what the simulator does."""

import re
from dataclasses import fields

import pytest

from tests.house.documents import STAGING, rows, section
from worker.simulator.catalogue import listed
from worker.simulator.log import Record
from worker.simulator.profile import Profile


def test_every_fault_is_explained_as_the_command_lists_it() -> None:
    """In its order, too."""
    explained = [(row[0].strip("`"), row[1]) for row in rows(section(STAGING, "Faults"))]
    assert explained == listed()


@pytest.mark.parametrize("row", rows(section(STAGING, "Profiles")), ids=lambda row: row[0])
def test_a_profile_that_is_shown_is_read(row: list[str]) -> None:
    assert Profile.parse(row[0].strip("`")).mixes


def test_the_keys_of_the_log_are_explained() -> None:
    named = [row[0] for row in rows(section(STAGING, "While it runs")) if "`GET" not in row[0]]
    keys = re.findall(r"`([a-z_]+)`", " ".join(named))
    assert sorted(keys) == sorted(field.name for field in fields(Record))
