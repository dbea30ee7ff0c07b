"""An answer has the right shape or says what is wrong with it; nothing is repaired."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from tasks.verdict import Evidence, Misshapen, Verdict, answer_schema
from tests.twins.desk import shipped
from tests.twins.models import a_verdict, an_escalation

SECRET = "my account number is 12345678"


def _without(key: str) -> str:
    return json.dumps({k: v for k, v in json.loads(a_verdict()).items() if k != key})


def test_an_answer_of_the_right_shape_is_read_as_it_is() -> None:
    """Values are for `validate` to judge: an issue type off the list has the right shape."""
    found = Verdict.parse(an_escalation("theft", "a quote", issue_type="nonsense", draft="Hi"))
    assert found == Verdict(
        issue_type="nonsense",
        priority=3,
        escalate=True,
        evidence=(Evidence(criterion="theft", quote="a quote"),),
        reason="The customer was charged twice for one purchase.",
        draft="Hi",
    )


MISSHAPEN: dict[str, tuple[str, str]] = {
    "nothing": ("", "the answer"),
    "prose": ("Sure! The issue type is card.", "the answer"),
    "JSON in a fence": (f"```json\n{a_verdict()}\n```", "the answer"),
    "cut off": (a_verdict()[:-4], "the answer"),
    "a list": (f"[{a_verdict()}]", "the answer"),
    "a key missing": (_without("escalate"), "escalate"),
    "draft missing": (_without("draft"), "draft"),
    "a priority in words": (a_verdict(priority="high"), "priority"),
    "a priority as text": (a_verdict(priority="2"), "priority"),
    "a priority with a fraction": (a_verdict(priority=2.5), "priority"),
    "true for a priority": (a_verdict(priority=True), "priority"),
    "yes for true": (a_verdict(escalate="yes"), "escalate"),
    "one for true": (a_verdict(escalate=1), "escalate"),
    "evidence as a text": (a_verdict(evidence="theft"), "evidence"),
    "evidence without its quote": (a_verdict(evidence=[{"criterion": "x"}]), "evidence.0.quote"),
    "a key of its own": (a_verdict(**{SECRET: 1}), "(other)"),
    "half a surrogate pair": (a_verdict() + "\ud83d", "the answer"),
    "nested without end": ("[" * 100_000, "the answer"),
}


@pytest.mark.parametrize("what", MISSHAPEN)
def test_an_answer_of_another_shape_says_where(what: str) -> None:
    """What is said goes back to the model and into events: never a word of the ticket."""
    text, where = MISSHAPEN[what]
    found = Verdict.parse(text)
    assert isinstance(found, Misshapen)
    assert where in found
    assert SECRET not in found


def _properties(schema: Mapping[str, object]) -> dict[str, Any]:
    return cast("dict[str, Any]", schema["properties"])


def test_the_schema_lists_the_live_taxonomy_and_nothing_else() -> None:
    """A model that obeys its schema can name no value that is off the list."""
    taxonomy = shipped().taxonomy
    properties = _properties(answer_schema(taxonomy))
    assert properties["issue_type"]["enum"] == list(taxonomy.names)
    assert properties["evidence"]["items"]["properties"]["criterion"]["enum"] == [
        criterion.id for criterion in taxonomy.criteria
    ]
    assert properties["priority"]["enum"] == [1, 2, 3, 4]


def test_the_schema_asks_for_exactly_what_a_verdict_holds() -> None:
    """Strict structured output wants every property required and none added, at every level."""
    schema = answer_schema(shipped().taxonomy)
    assert schema["required"] == list(Verdict.model_fields)
    item = _properties(schema)["evidence"]["items"]
    assert item["required"] == list(Evidence.model_fields)
    assert schema["additionalProperties"] is item["additionalProperties"] is False


def test_a_taxonomy_without_criteria_has_a_valid_schema() -> None:
    """An empty `enum` is refused by every provider."""
    bare = shipped().taxonomy.model_dump()
    bare["criteria"] = ()
    bare["issue_types"] = [issue | {"criteria": ()} for issue in bare["issue_types"]]
    taxonomy = type(shipped().taxonomy).model_validate(bare)
    assert "[]" not in json.dumps(answer_schema(taxonomy))
