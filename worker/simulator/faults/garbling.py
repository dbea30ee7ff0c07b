"""Faults of the answer: a 200, and something in it is not as it was asked for."""

from collections.abc import Mapping

from worker.simulator.answer import Answer, compact
from worker.simulator.fault import Play
from worker.simulator.turn import Turn
from worker.simulator.verdict import band

PAGE = b"<html><head><title>Welcome</title></head><body><h1>Welcome</h1></body></html>"
HUGE = 5_000_000
OFF_LIST = "no_such_type"
WORDS = "I think that it is about a card."


def _page(_: Turn) -> Answer:
    return Answer(body=PAGE, content_type="text/html")


def _empty(_: Turn) -> Answer:
    return Answer(body=b"")


def _around(turn: Turn) -> Answer:
    return turn.says(f"Here is my answer:\n```json\n{turn.text}\n```\nDoes that help?")


def _wrong_shape(turn: Turn) -> Answer:
    return turn.says(_changed(turn, priority="high", mood="calm"))


def _off_list(turn: Turn) -> Answer:
    return turn.says(_changed(turn, issue_type=OFF_LIST))


def _off_band(turn: Turn) -> Answer:
    """A priority that the policy does not allow; where it allows all, one that there is not."""
    _, most, least = band(turn.asked.rules, str(turn.verdict.get("issue_type")))
    said = 1 if most > 1 else least + 1
    return turn.says(_changed(turn, priority=said))


def _unproven(turn: Turn) -> Answer:
    return turn.says(_changed(turn, escalate=True, evidence=[]))


def _changed(turn: Turn, **more: object) -> str:
    return compact({**turn.verdict, **more})


GARBLING: Mapping[str, tuple[str, Play]] = {
    "page": ("200 with an HTML page", _page),
    "empty": ("200 without a body", _empty),
    "no_choices": ("a completion without choices", lambda turn: turn.says_nothing()),
    "no_content": ("a completion whose text is empty", lambda turn: turn.says("")),
    "words": ("a sentence in place of JSON", lambda turn: turn.says(WORDS)),
    "words_around": ("JSON with text around it", _around),
    "wrong_shape": ("JSON of another shape", _wrong_shape),
    "off_list": ("an issue type that is not on the list", _off_list),
    "off_band": ("a priority that the policy does not allow", _off_band),
    "unproven": ("an escalation without evidence", _unproven),
    "truncated": (
        "half of the answer: its tokens are used up",
        lambda turn: turn.says(turn.text[: len(turn.text) // 2], stop="cut"),
    ),
    "refusal": (
        "the model refuses, as this provider says it",
        lambda turn: turn.says("", stop="refused"),
    ),
    "content_filter": (
        "a filter stops the answer, as this provider says it",
        lambda turn: turn.says("", stop="filtered"),
    ),
    "usage_missing": (
        "the usual answer without its tokens; they are billed",
        lambda turn: turn.says(turn.text, counted=False),
    ),
    "huge": ("a completion of 5 MB", lambda turn: turn.says("x" * HUGE)),
    "other_model": (
        "the usual answer under another model's name",
        lambda turn: turn.says(turn.text, model="another-model-2"),
    ),
}
"""Name -> what it does, and how."""
