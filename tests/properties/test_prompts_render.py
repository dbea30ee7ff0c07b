"""Any ticket is rendered, and none can write a line of the prompt that is not data."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tasks import prompt
from tasks.ports.model import Question
from tasks.redaction.placeholders import restored
from tasks.ticket import Turn
from tests.properties.any_text import texts
from tests.twins.desk import shipped
from tests.twins.facts import known
from tests.twins.ticket import a_ticket

turns = st.builds(Turn, author=st.sampled_from(["customer", "agent"]), body=texts)


def _asked(body: str, subject: str, thread: list[Turn]) -> Question:
    ours = shipped()
    return prompt.question(
        prompt.About(a_ticket(body, subject=subject, thread=tuple(thread)), known(), ours.taxonomy),
        prompt=ours.classify,
        model=ours.tiers.models[0],
    )


@given(texts, texts, st.lists(turns, max_size=8))
def test_any_text_stays_between_the_fences(body: str, subject: str, thread: list[Turn]) -> None:
    """The fence stands in the message twice, first and last; the data reads back as it was.

    Once what stands for personal data is put back: an address of a network comes up by chance.
    """
    asked = _asked(body, subject, thread)
    rules, data = asked.messages
    fence = data.content.split("\n", 1)[0]
    assert data.content.count(fence) == 2
    assert data.content.startswith(f"{fence}\n")
    assert data.content.endswith(f"\n{fence}")
    told = json.loads(data.content.removeprefix(fence).removesuffix(fence))["ticket"]
    read = [told["message"], told["subject"], *(turn["body"] for turn in told["earlier_turns"])]
    said = [body, subject, *(turn.body for turn in thread[-6:])]
    assert [restored(text, asked.placeholders) for text in read] == said
    assert rules.content == _asked("", "", []).messages[0].content.replace(_fence_of(""), fence)


def _fence_of(body: str) -> str:
    return _asked(body, "", []).messages[1].content.split("\n", 1)[0]


@given(texts, texts)
def test_any_question_can_be_sent_and_known_again(body: str, subject: str) -> None:
    """It is UTF-8, and the same twice."""
    asked = _asked(body, subject, [])
    assert all(message.content.encode() for message in asked.messages)
    assert prompt.digest(asked) == prompt.digest(_asked(body, subject, []))


@given(texts, texts)
def test_two_tickets_are_two_questions(one: str, other: str) -> None:
    """No two texts share an answer by chance of spelling; but for what is hidden in both."""
    first, second = _asked(one, "", []), _asked(other, "", [])
    same = prompt.digest(first) == prompt.digest(second)
    assert same is (one == other) or bool(first.placeholders and second.placeholders)
