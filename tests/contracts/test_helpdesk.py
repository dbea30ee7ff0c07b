"""What every helpdesk keeps of the port's promise, the real ones among them."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.guards import VISIT
from tasks.ports.helpdesk import FIELDS, Gone, Moved, Seen
from tests.contracts.stages import ADA, Change, Stage
from worker.helpdesks.asked import counted
from worker.helpdesks.roundup.helpdesk import RoundupHelpdesk
from worker.helpdesks.rt.helpdesk import RtHelpdesk

pytestmark = pytest.mark.timeout(120)

MARKING = 3
"""Looks that a helpdesk may ask for before it takes the first values under a key."""

CROWD = 8


def look(stage: Stage) -> Seen:
    seen = asyncio.run(stage.helpdesk.look(stage.ticket))
    assert isinstance(seen, Seen)
    return seen


def set_once(stage: Stage, seen: Seen, values: Mapping[str, str | None], *, key: str) -> object:
    known = f"{stage.ticket}-{key}"
    ask = stage.helpdesk.set_fields(stage.ticket, values, key=known, version=seen.version)
    return asyncio.run(ask)


def set_to(stage: Stage, *, key: str = "tf-1", **values: str | None) -> None:
    """Looks and sets, as often as a new key makes necessary."""
    for _ in range(MARKING):
        if not isinstance(set_once(stage, look(stage), values, key=key), Moved):
            return
    pytest.fail("it moves for ever")


def note(stage: Stage, body: str, *, key: str) -> Gone | None:
    known = f"{stage.ticket}-{key}"  # keys tell tickets apart, as they do in the ledger
    return asyncio.run(stage.helpdesk.post_note(stage.ticket, body, key=known))


def traces(stage: Stage, key: str = "tf-1") -> Mapping[str, int]:
    found = asyncio.run(stage.helpdesk.traces(stage.ticket, key=f"{stage.ticket}-{key}")).counts
    return {one.removeprefix(f"{stage.ticket}-"): count for one, count in found.items()}


def test_what_is_set_is_there_at_the_next_look(stage: Stage) -> None:
    before = look(stage).fields
    assert before.keys() == set(FIELDS)
    assert before["queue"] == "inbox"
    values = {"queue": "payments", "issue_type": "cash", "priority": "1", "escalated": "yes"}
    set_to(stage, **values)
    assert look(stage).fields == stage.page().fields == values


def test_some_fields_leave_the_others(stage: Stage) -> None:
    before = look(stage).fields
    set_to(stage, issue_type="cash")
    assert look(stage).fields == {**before, "issue_type": "cash"}


def test_what_is_set_twice_leaves_no_second_trace(stage: Stage) -> None:
    """History tells changes; there was none."""
    for key in ("tf-1", "tf-1", "tf-2"):
        set_to(stage, queue="payments", key=key)
    assert [change.field for change in stage.page().history] == ["queue"]
    assert traces(stage) == {"tf-1:queue": 1}
    assert traces(stage, "tf-2") == {}


def test_a_whole_write_is_no_more_requests_than_a_visit_has(stage: Stage) -> None:
    """All that a limit gives leave for at once; whoever needs more is sent away in the middle."""
    traces(stage)  # what it keeps in memory is asked for once
    with counted() as asked:
        asyncio.run(stage.helpdesk.refuses(stage.ticket, {"queue": "payments"}))
        set_to(stage, queue="payments", issue_type="cash", priority="1", escalated="yes")
        look(stage)
        note(stage, "a draft", key="tf-1:note:draft")
        note(stage, "why", key="tf-1:note:route")
        traces(stage)
    is_remote = isinstance(stage.helpdesk, RtHelpdesk | RoundupHelpdesk)
    assert asked.requests <= stage.helpdesk.capabilities.write_requests <= VISIT
    assert asked.requests >= (8 if is_remote else 0)


@pytest.mark.parametrize(("field", "value"), [("queue", "fraud"), ("priority", "1")])
def test_every_change_of_a_field_moves_the_version(stage: Stage, field: str, value: str) -> None:
    """Whoever made it: a write for what was seen before is then refused, and changes nothing."""
    set_to(stage, escalated="yes")
    seen = look(stage)
    stage.edit(field, value)
    before = stage.page()
    if stage.helpdesk.capabilities.conditional_write == "none":
        return
    assert set_once(stage, seen, {"issue_type": "cash"}, key="tf-1") == Moved()
    assert stage.page() == before
    set_to(stage, issue_type="cash")


def test_of_writers_who_saw_the_same_one_wins(stage: Stage) -> None:
    """Where the helpdesk says that it is strict about it."""
    if stage.helpdesk.capabilities.conditional_write != "strict":
        return
    set_to(stage, escalated="yes")
    seen = look(stage)
    queues = [f"q{number}" for number in range(CROWD)]
    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(
            crowd.map(
                lambda queue: set_once(stage, seen, {"issue_type": queue}, key="tf-1"), queues
            )
        )
    assert sorted(answer is None for answer in answers) == [False] * (CROWD - 1) + [True]


def test_a_note_is_there_as_often_as_the_helpdesk_says(stage: Stage) -> None:
    """Once for each key where it knows keys, and then as it was posted first."""
    assert note(stage, "Escalated", key="R-1:note:escalation") is None
    assert note(stage, "A draft", key="R-1:note:draft") is None
    assert note(stage, "Escalated once more", key="R-1:note:escalation") is None
    once = stage.helpdesk.capabilities.once_only_notes
    texts = [text.strip() for _, text in stage.page().notes]
    assert texts == ["Escalated", "A draft"] + ([] if once else ["Escalated once more"])
    assert traces(stage, "R-1")["R-1:note:escalation"] == (1 if once else 2)


def test_traces_tell_what_was_done_under_a_key(stage: Stage) -> None:
    """Whatever was done to it since, and on a closed ticket too."""
    assert traces(stage) == {}
    set_to(stage, queue="payments")
    note(stage, "A draft", key="tf-1:note:draft")
    note(stage, "Another", key="tf-10:note:draft")
    stage.edit("queue", "fraud")
    set_to(stage, priority="1", key="tf-2")
    stage.close_ticket()
    assert traces(stage) == {"tf-1:queue": 1, "tf-1:note:draft": 1}
    assert traces(stage, "tf-2") == {"tf-2:priority": 1}


def test_what_it_does_not_have_is_told_beforehand(stage: Stage) -> None:
    """By its name; where a field takes any text nothing is refused."""
    known = {"queue": "payments", "issue_type": "cash", "priority": "1", "escalated": "yes"}
    wrong = {**known, "queue": "nonsense"}
    assert asyncio.run(stage.helpdesk.refuses(stage.ticket, known)) == {}
    refused = asyncio.run(stage.helpdesk.refuses(stage.ticket, wrong))
    assert refused.keys() <= {"queue"}
    assert all("nonsense" in why for why in refused.values())
    assert bool(refused) == (type(stage.helpdesk) in {RtHelpdesk, RoundupHelpdesk})


def test_what_people_mend_is_not_refused_any_more(stage: Stage) -> None:
    """At once, though what a helpdesk has is not asked for each write."""
    new = {"queue": f"new-{stage.ticket}"}
    before = asyncio.run(stage.helpdesk.refuses(stage.ticket, new))
    assert bool(before) == (type(stage.helpdesk) in {RtHelpdesk, RoundupHelpdesk})
    stage.make_queue(new["queue"])
    assert asyncio.run(stage.helpdesk.refuses(stage.ticket, new)) == {}


@pytest.mark.parametrize("priority", ["2", None])
def test_whatever_a_field_held_can_be_put_back(stage: Stage, priority: str | None) -> None:
    """Nothing, too; and what a new ticket has."""
    if priority:
        stage.edit("priority", priority)
    before = look(stage).fields
    set_to(stage, queue="payments", issue_type="cash", priority="1", escalated="yes")
    set_to(stage, key="tf-2", **before)
    assert look(stage).fields == stage.page().fields == before
    assert traces(stage, "tf-2").keys() == {f"tf-2:{field}" for field in FIELDS}


def test_traces_tell_who_changed_a_field_last(stage: Stage) -> None:
    """Where the helpdesk can; what nobody has changed is not among them."""
    set_to(stage, queue="payments", issue_type="cash")
    stage.edit("queue", "fraud")
    stage.edit("queue", "payments")
    last = asyncio.run(stage.helpdesk.traces(stage.ticket, key="")).last
    ours = f"{stage.ticket}-tf-1:issue_type"
    assert last in ({}, {"queue": None, "issue_type": ours})
    if not last:
        assert "roundup" in type(stage.helpdesk).__name__.lower()


def test_a_ticket_that_nobody_knows_has_no_traces(stage: Stage) -> None:
    assert asyncio.run(stage.helpdesk.traces(stage.nobody, key="tf-1")).counts == {}


@pytest.mark.parametrize("which", ["closed", "unknown"])
def test_a_closed_or_unknown_ticket_is_gone(stage: Stage, which: str) -> None:
    """It answers Gone, names itself, and nothing of it changes."""
    version = look(stage).version
    stage.close_ticket()
    before = stage.page()
    ticket = stage.ticket if which == "closed" else stage.nobody
    helpdesk = stage.helpdesk
    answers = [
        asyncio.run(helpdesk.look(ticket)),
        asyncio.run(helpdesk.set_fields(ticket, {"queue": "x"}, key="tf-1", version=version)),
        asyncio.run(helpdesk.post_note(ticket, "Look at this", key="tf-1:note:draft")),
    ]
    assert [ticket in answer.why for answer in answers if isinstance(answer, Gone)] == [True] * 3
    assert stage.page() == before


def test_the_machine_and_people_are_told_apart(stage: Stage) -> None:
    """What the fleet writes says so; a person's edit has a name."""
    note(stage, "Escalated", key="R-1:note:escalation")
    set_to(stage, escalated="yes")
    stage.edit("escalated", "no")
    page = stage.page()
    assert {author for author, _ in page.notes} == {"triage-fleet"}
    assert page.history == (
        Change(author="triage-fleet", field="escalated", before=None, after="yes"),
        Change(author=ADA, field="escalated", before="yes", after="no"),
    )


def test_a_note_holds_any_text(stage: Stage) -> None:
    text = 'Größe: 5 €, 日本\n\n<script>alert(1)</script>\nFrom here: it\'s \\ "fine"'
    note(stage, text, key="tf-1:note:draft")
    assert [found.strip() for _, found in stage.page().notes] == [text]
