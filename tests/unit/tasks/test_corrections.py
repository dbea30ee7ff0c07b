"""What counts as a person's correction of a decision, and what does not."""

from dataclasses import replace

import pytest

from tasks.corrections import Correction, corrections, stands
from tasks.ports.inbox import Choice
from tasks.ports.ledger import Intent, Wrote
from tasks.run import Outcome, Run, RunId, State, TicketId
from tasks.ticket import ExternalId
from tests.twins.clock import NOON

DECIDED = Run(
    id=RunId("r"),
    ticket=TicketId("t"),
    source="helpdesk",
    external_id=ExternalId("T-1"),
    requester="who",
    digest="d",
    revision=1,
    seq=5,
    stage="write",
    tier="economy",
    ingested_at=NOON,
    changed_at=NOON,
    state=State.WRITTEN,
    outcome=Outcome.APPLIED,
    issue_type="card",
    priority=3,
    queue="cards",
    routed_at=NOON,
)
NOW = NOON + 100


def wrote(*steps: tuple[str | None, str | None, str | None], target: str = "queue") -> list[Wrote]:
    """Our writes to a field, oldest first: wanted, outcome, what the field held then."""
    return [
        Wrote(
            revision=1,
            intent=Intent(
                key=f"tf-1:{target}.{number}",
                run=RunId("r"),
                target=target,
                before="inbox",
                wanted=wanted,
                outcome=outcome,
                holds=holds,
                seq=number,
            ),
        )
        for number, (wanted, outcome, holds) in enumerate(steps, 1)
    ]


def found(
    value: str,
    *,
    run: Run = DECIDED,
    ours: list[Wrote] | None = None,
    ago: float | None = 50.0,
    held: dict[str, str | None] | None = None,
    known: str | None = None,
) -> list[Correction]:
    return list(
        corrections(
            run,
            {"queue": Choice(value=value, by="ada" if ago is not None else None, ago=ago)},
            now=NOW,
            wrote=ours or [],
            held=held,
            known={"queue": known} if known else {},
        )
    )


APPLIED = ("cards", "applied", "cards")


@pytest.mark.parametrize(
    ("value", "ours", "truth"),
    [
        ("fraud", [APPLIED], "fraud"),
        ("cards", [APPLIED], None),
        ("fraud", [("cards", "applied", "fraud")], "fraud"),  # quicker than our second look
        ("fraud", [("cards", "kept", "fraud")], None),  # chosen before ours came
        ("vip", [("cards", "kept", "fraud")], "vip"),
        ("cards", [("cards", "kept", "fraud")], "cards"),  # they came round
        ("fraud", [("cards", "already", "cards")], "fraud"),
        ("fraud", [("cards", None, None)], None),  # nobody knows yet what became of ours
        ("inbox", [APPLIED, ("inbox", "applied", "inbox")], None),  # our own recall
        ("fraud", [APPLIED, ("fraud", "applied", "fraud")], None),  # what we gave back
    ],
)
@pytest.mark.parametrize("ago", [50.0, None])
def test_what_differs_from_what_we_left_there_is_a_persons(
    value: str, ours: list[tuple[str, str, str]], truth: str | None, ago: float | None
) -> None:
    """Whether or not the helpdesk tells who it was."""
    told = found(value, ours=wrote(*ours), ago=ago)
    assert [one.truth for one in told] == ([truth] if truth else [])
    assert all(one.said == "cards" for one in told)
    assert all(one.by == ("helpdesk" if ago is None else "ada") for one in told)


@pytest.mark.parametrize("outcome", [Outcome.SUGGESTED, Outcome.SHADOW])
def test_where_no_field_was_written_the_moment_tells(outcome: Outcome) -> None:
    run = replace(DECIDED, outcome=outcome)
    assert [one.truth for one in found("fraud", run=run, ago=99.0)] == ["fraud"]
    assert found("fraud", run=run, ago=102.0) == []


def test_or_what_the_ticket_held_when_it_came() -> None:
    run = replace(DECIDED, outcome=Outcome.SUGGESTED)
    assert found("fraud", run=run, ago=None, held={"queue": "fraud"}) == []
    [told] = found("fraud", run=run, ago=None, held={"queue": None})
    assert told == Correction(
        field="queue", said="cards", truth="fraud", by="helpdesk", is_news=True
    )
    assert found("fraud", run=run, ago=None) == []


def test_who_follows_a_suggestion_says_that_it_is_right() -> None:
    """That is a label, and no news."""
    run = replace(DECIDED, outcome=Outcome.SUGGESTED)
    [told] = found("cards", run=run)
    assert (told.truth, told.is_news) == ("cards", False)


def test_the_newest_choice_holds_and_each_is_told_once() -> None:
    ours = wrote(APPLIED)
    assert found("fraud", ours=ours, known="fraud") == []
    assert [one.truth for one in found("vip", ours=ours, known="fraud")] == ["vip"]
    [back] = found("cards", ours=ours, known="fraud")
    assert (back.truth, back.said, back.is_news) == ("cards", "cards", True)


def test_a_field_that_was_emptied_or_never_decided_has_no_truth() -> None:
    assert found("", ours=wrote(APPLIED)) == []
    assert found("fraud", run=replace(DECIDED, queue=None), ours=wrote(APPLIED)) == []


def test_a_value_that_nobody_knows_is_kept_as_it_stands_but_in_one_line() -> None:
    [told] = found("VIP lounge\n" + "x" * 300, ours=wrote(APPLIED))
    assert told.truth == "VIP lounge\ufffd" + "x" * 189
    assert found("VIP lounge\n" + "x" * 300, ours=wrote(APPLIED), known=told.truth) == []


@pytest.mark.parametrize("outcome", Outcome)
def test_what_was_recalled_is_nobodys_decision(outcome: Outcome) -> None:
    assert stands(replace(DECIDED, outcome=outcome)) is (outcome is not Outcome.RECALLED)
    assert not stands(replace(DECIDED, outcome=outcome, state=State.QUEUED))
