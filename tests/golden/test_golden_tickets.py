"""Twenty tickets that must not change their minds unnoticed."""

from pathlib import Path

import pytest

from config.environment import Environment
from config.load import Config, load
from tests.golden.golden import Golden, carry, golden_tickets
from tests.twins.clock import StillClock
from worker.compose import CHECKOUT
from worker.models.baseline.provider import LocalBaseline
from worker.models.local import load_local

pytestmark = pytest.mark.timeout(240)  # the first test trains

GOLDEN = golden_tickets()


@pytest.fixture(scope="session")
def config() -> Config:
    return load(Environment.read({}))


@pytest.fixture(scope="session")
def models(config: Config, trained: Path) -> LocalBaseline:
    return load_local(config, CHECKOUT, trained, StillClock())


@pytest.mark.parametrize("golden", GOLDEN, ids=[golden.name for golden in GOLDEN])
def test_a_golden_ticket_ends_where_a_person_put_it(
    golden: Golden, models: LocalBaseline, config: Config
) -> None:
    """No change of prompt, taxonomy, policy or model flips a golden ticket unnoticed."""
    assert carry(golden, models, config) == dict(golden.expected)


def test_there_are_twenty_of_every_kind() -> None:
    """Every issue type, every customer tier, escalations and a ticket for people are among them."""
    assert len(GOLDEN) == 20
    expected = [golden.expected for golden in GOLDEN]
    assert len({one.get("issue_type") for one in expected} - {None}) == 9
    assert {golden.account.tier for golden in GOLDEN if golden.account} == {
        "basic",
        "plus",
        "business",
    }
    assert any(one.get("escalated") for one in expected)
    assert any("review" in one for one in expected)
