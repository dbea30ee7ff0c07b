"""Names of helpdesks become keys of a taxonomy, each its own."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.taxonomy import IssueType
from worker.operating.proposing.slugs import slugs

[PATTERN] = [one.pattern for one in IssueType.model_fields["name"].metadata]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Hardware", "hardware"),
        ("IT & Netz", "it_netz"),
        ("Störungen", "stoerungen"),
        ("Größe/Maß", "groesse_mass"),
        ("Réclamations: Été", "reclamations_ete"),
        ("Łódź Øst", "lodz_ost"),
        ("2nd level", "type_2nd_level"),
        ("請求", "type_1"),
        ("404", "type_404"),
        ("請求 billing", "billing"),
        ("replace", "replace_2"),
        ("w" * 50, "w" * 40),
    ],
)
def test_a_name_is_written_with_what_it_has(name: str, slug: str) -> None:
    assert slugs([name])[name] == slug


def test_two_names_that_come_out_alike_are_told_apart() -> None:
    """Also where they differ behind the end."""
    names = ["IT & Netz", "IT Netz", "it_netz_2", "w" * 50, "w" * 51]
    assert list(slugs(names).values()) == [
        "it_netz",
        "it_netz_2",
        "it_netz_2_2",
        "w" * 40,
        "w" * 38 + "_2",
    ]


@given(st.lists(st.text(min_size=1), unique=True, max_size=12))
def test_every_name_gets_a_key_of_its_own(names: list[str]) -> None:
    found = slugs(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    assert all(re.fullmatch(PATTERN, slug) for slug in found.values())
