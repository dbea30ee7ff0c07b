"""The taxonomy is the list of every value that may be written; nothing else is ever one."""

import pytest
from pydantic import ValidationError

from config.taxonomy import Taxonomy
from config.tiers import TIERS, CustomerTier
from tests.twins.desk import shipped


def _altered(taxonomy: Taxonomy, queue: str) -> Taxonomy:
    whole = taxonomy.model_dump()
    whole["issue_types"][0]["queue"] = queue
    return Taxonomy.model_validate(whole)


def test_a_name_that_is_not_listed_is_no_issue_type() -> None:
    """Neither a neighbour in spelling nor in case passes."""
    taxonomy = shipped().taxonomy
    assert taxonomy.issue_type("card") is not None
    assert [taxonomy.issue_type(name) for name in ("Card", "cards", "", "card ")] == [None] * 4
    assert taxonomy.criterion("Theft") is None


def test_the_digest_changes_with_anything_in_the_taxonomy() -> None:
    """A local model trained on other labels is known by it."""
    taxonomy = shipped().taxonomy
    assert _altered(taxonomy, "fraud").digest == taxonomy.digest
    assert _altered(taxonomy, "elsewhere").digest != taxonomy.digest


@pytest.mark.parametrize(
    "queue", ["Störungen", "IT & Netz", "Rückgaben/Ersatz (EU)", "請求", "q" * 60]
)
def test_a_queue_may_be_called_as_helpdesks_call_theirs(queue: str) -> None:
    assert _altered(shipped().taxonomy, queue).issue_types[0].queue == queue


@pytest.mark.parametrize(
    "queue", ["", " ", " cards", "cards\n", "ca\x1brds", "q" * 61, "\u202ecards"]
)
def test_what_cannot_be_read_in_one_line_is_no_queue(queue: str) -> None:
    with pytest.raises(ValidationError, match="is no name of a queue"):
        _altered(shipped().taxonomy, queue)


def test_the_shipped_types_are_those_of_the_data_and_other() -> None:
    """BANKING77's 77 intents in nine types, and a place for what is none of them."""
    assert shipped().taxonomy.names == (
        "security",
        "card",
        "card_payment",
        "cash",
        "transfer",
        "top_up",
        "exchange",
        "identity",
        "account",
        "other",
    )


def test_every_shipped_criterion_belongs_to_an_issue_type() -> None:
    """A criterion of none could never be met."""
    taxonomy = shipped().taxonomy
    used = {criterion for issue in taxonomy.issue_types for criterion in issue.criteria}
    assert used == {criterion.id for criterion in taxonomy.criteria}


def test_what_is_undecided_goes_to_a_queue_of_its_own() -> None:
    """People find there what no machine decided, and not among what one did."""
    taxonomy = shipped().taxonomy
    routed = {issue.queue for issue in taxonomy.issue_types if issue.name != "other"}
    assert taxonomy.fallback_queue not in routed


def test_a_better_plan_never_waits_longer() -> None:
    """Neither by priority nor by the time after which people look."""
    order: tuple[CustomerTier, ...] = ("basic", "plus", "business")
    for issue in shipped().taxonomy.issue_types:
        policy = issue.priority
        assert policy.basic >= policy.plus >= policy.business, issue.name
    limits = [shipped().policy.unrouted_after.of(tier) for tier in order]
    assert limits == sorted(limits, reverse=True)


def test_every_tier_model_and_rule_says_why() -> None:
    """A choice without its reason is nobody's to change."""
    tiers = shipped().tiers
    assert [tier.name for tier in tiers.tiers] == list(TIERS)
    reasons = [item.why for part in (tiers.models, tiers.tiers, tiers.rules) for item in part]
    assert all(len(why.split()) > 2 for why in reasons), reasons
