"""The same question again, to see whether the model says the same; never at the ticket's cost."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from config.policy import Autonomy
from tasks.case import Answer, Classified, Enriched
from tasks.classify import classify
from tasks.errors import BreakerOpen, ProviderDown
from tasks.events import Body, Kind
from tests.twins.desk import Office, shipped
from tests.twins.journal import RecordingJournal
from tests.twins.models import ScriptedModels, a_reply, a_verdict
from tests.twins.ticket import CHEAP, an_answer, enriched

SAME, OTHER = a_verdict(), a_verdict(issue_type="cash")


def _office(*said: str | Exception, repeats: int = 2) -> Office:
    policy = shipped().policy.model_copy(update={"autonomy": Autonomy(repeats=repeats)})
    replies = [one if isinstance(one, Exception) else a_reply(one) for one in said]
    return Office(models=ScriptedModels.answering(replies), policy=policy)


def _measured(case: Enriched, office: Office) -> Mapping[str, float]:
    found = asyncio.run(classify(case, office.desk))
    assert isinstance(found, Classified)
    assert found.verdict.issue_type == "card_payment", "a repeat decides nothing"
    return found.answer.measured


@pytest.mark.parametrize(
    ("said", "share"),
    [((SAME, SAME), 1.0), ((SAME, OTHER), 0.5), ((OTHER, "Sure!"), 0.0)],
    ids=["all agree", "one does", "none does"],
)
def test_the_share_that_agrees_is_measured(said: tuple[str, ...], share: float) -> None:
    office = _office(SAME, *said)
    assert _measured(enriched(), office) == {"repeats": share}
    purposes = [one.body["purpose"] for one in office.journal.entries if one.kind is Kind.ANSWERED]
    assert purposes == ["classify", "repeat", "repeat"]
    assert {str(asked.messages) for asked in office.script.asked} == {
        str(office.script.asked[0].messages)
    }


def test_nobody_is_asked_again_unless_config_wants_it() -> None:
    assert _measured(enriched(), _office(SAME, repeats=0)) == {}


def test_dearer_tiers_are_not_asked_again() -> None:
    assert _measured(enriched(tier="premium"), _office(SAME)) == {}


@pytest.mark.parametrize(
    "error",
    [ProviderDown("away"), BreakerOpen("away", dependency="openai", retry_after=1.0)],
    ids=["down", "breaker"],
)
def test_a_repeat_that_cannot_be_had_stops_nothing(error: Exception) -> None:
    assert _measured(enriched(), _office(SAME, SAME, error)) == {"repeats": 1.0}
    assert _measured(enriched(), _office(SAME, error)) == {}


class Poor(RecordingJournal):
    """Of a day that has money for two questions."""

    async def reserve(
        self, kind: Kind, body: Body, *, texts: Mapping[str, str] | None = None
    ) -> bool:
        return len(self.reserved) < 2 and await RecordingJournal.reserve(
            self, kind, body, texts=texts
        )


def test_a_day_without_money_has_fewer_repeats() -> None:
    office = _office(SAME, SAME)
    office.journal = Poor(trail=office.trail)
    assert _measured(enriched(), office) == {"repeats": 1.0}
    assert len(office.script.asked) == 2


def test_repeats_that_were_had_are_not_paid_for_twice() -> None:
    """A worker died after the first of two."""
    office = _office(SAME, SAME, SAME)
    asyncio.run(classify(enriched(), office.desk))
    question = str(office.journal.reserved[0]["question"])
    first: Answer = an_answer(SAME, model=CHEAP, question=question)
    had = an_answer(OTHER, model=CHEAP, question=question)
    received = replace(enriched().received, answers=(first,), repeats=(had,))
    again = _office(SAME)
    assert _measured(replace(enriched(), received=received), again) == {"repeats": 0.5}
    assert len(again.script.asked) == 1
