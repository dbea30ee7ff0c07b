"""How long facts are good for, and what is said of those that are not."""

import pytest

from config.facts import FactKind
from tasks.facts import Facts
from tests.twins.clock import NOON

USUAL = 900.0


def _facts(
    *, good_for: dict[FactKind, float] | None = None, missing: tuple[FactKind, ...] = ()
) -> Facts:
    gaps = dict.fromkeys(missing, "does not answer")
    return Facts(fetched_at=NOON, good_for=good_for or {}, unavailable=gaps)


@pytest.mark.parametrize(
    ("facts", "seconds"),
    [
        (_facts(), USUAL),
        (_facts(good_for={"incidents": 30.0}), 30.0),
        (_facts(good_for={"account": 3_600.0}), USUAL),
        (_facts(good_for=dict.fromkeys(("account", "billing", "incidents"), 3_600.0)), USUAL),
        (_facts(missing=("billing",)), 60.0),
        (_facts(missing=("billing",), good_for={"billing": 10.0}), 10.0),
    ],
)
def test_facts_are_good_until_the_first_of_them_is_not(facts: Facts, seconds: float) -> None:
    """A gap is looked at again after a minute: its source may be back."""
    assert not facts.is_outlived(NOON + seconds, USUAL)
    assert facts.is_outlived(NOON + seconds + 0.1, USUAL)


def test_doubts_name_what_is_missing_and_what_is_old() -> None:
    """In words that stand in the rule of a decision."""
    facts = Facts(
        fetched_at=NOON,
        unavailable={"incidents": "timed out", "billing": "503"},
        stale={"account": "3 h old"},
    )
    assert facts.doubts == ("billing unavailable", "incidents unavailable", "account 3 h old")
    assert _facts().doubts == ()
