"""Whatever a model or a judge answers about whatever text, validation comes to an end of ours."""

import asyncio
import json
from dataclasses import replace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from config.policy import Judging
from tasks.case import Validated
from tasks.detour import Detour
from tasks.errors import TriageError
from tasks.judgement import Judgement
from tasks.validate import validate
from tasks.verdict import Misshapen, Verdict
from tests.properties.any_text import json_values, texts
from tests.twins.desk import Office, shipped
from tests.twins.models import ScriptedModels, a_reply
from tests.twins.ticket import a_ticket, an_answer, classified
from tests.unit.tasks.test_judging import ALL, WITH_JUDGE

TAXONOMY = shipped().taxonomy
names = st.sampled_from(TAXONOMY.names) | texts
criteria = st.sampled_from([one.id for one in TAXONOMY.criteria]) | texts
verdicts = st.fixed_dictionaries(
    {
        "issue_type": names,
        "priority": st.integers(-2, 6) | st.integers(),
        "escalate": st.booleans(),
        "evidence": st.lists(
            st.fixed_dictionaries({"criterion": criteria, "quote": texts}), max_size=3
        ),
        "reason": texts,
        "draft": st.none() | texts,
    }
)


@given(verdicts, texts)
def test_any_verdict_about_any_text_is_written_or_goes_elsewhere(
    verdict: dict[str, object], body: str
) -> None:
    """And no value of it that is not in the taxonomy passes."""
    answer = an_answer(json.dumps(verdict))
    if not isinstance(Verdict.parse(answer.text), Verdict):
        return
    case = classified(answer=answer, ticket=a_ticket(body))
    found = asyncio.run(validate(case, Office().desk))
    assert isinstance(found, (Validated, *get_args(Detour)))
    if isinstance(found, Validated):
        assert found.decision.issue_type in TAXONOMY.names
        assert 1 <= found.decision.priority <= 4


@given(json_values.map(json.dumps) | texts)
def test_whatever_a_judge_says_is_a_judgement_or_misshapen(text: str) -> None:
    assert isinstance(Judgement.parse(text), Judgement | Misshapen)


@given(json_values.map(json.dumps) | texts, texts)
def test_whatever_a_judge_says_of_any_text_comes_to_an_end(text: str, body: str) -> None:
    """Nothing is written by it but what it agrees with."""
    policy = shipped().policy.model_copy(update={"judge": Judging(share=ALL.share)})
    models = ScriptedModels.answering([a_reply(text or " "), a_reply(text or " ")])
    office = Office(models=models, tiers=WITH_JUDGE.tiers, policy=policy)
    desk = replace(office.desk, judge=WITH_JUDGE.judge)
    try:
        found = asyncio.run(validate(classified(ticket=a_ticket(body)), desk))
    except TriageError:
        return
    assert isinstance(found, (Validated, *get_args(Detour)))
    if isinstance(found, Validated):
        judgement = Judgement.parse(text)
        assert isinstance(judgement, Judgement)
        assert judgement.agrees
