"""Who waits for a person has one note, one decision and one end, whatever dies on the way."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from config.policy import Patience, Policy
from tasks.causes import ReviewReason
from tasks.events import Kind
from tasks.ports.helpdesk import Capabilities
from tasks.review import Wishes
from tasks.run import Outcome, State
from tasks.ticket import ExternalId
from tasks.waypoints import Waypoint
from tests.simulation.conftest import BEST_EFFORT
from tests.simulation.parts import Doom, a_theft
from tests.simulation.verdict import expect_balance, expect_truth
from tests.simulation.world import World
from tests.twins.desk import shipped
from tests.twins.helpdesk import PLAIN, Mishap
from worker.helpdesks.embedded import FULL
from worker.ledgers.labelling import How
from worker.ledgers.residence import ANYWHERE
from worker.operating.left_alone import Left
from worker.operating.reviewing import Opened, Planned, Reviewer

NewWorld = Callable[[Capabilities], World]
T1 = ExternalId("T-1")
LIMIT = Patience().basic
CARD = Wishes(issue_type="card")


@pytest.fixture(params=[FULL, BEST_EFFORT, PLAIN], ids=["full", "best effort", "plain"])
def world(request: pytest.FixtureRequest, new_world: NewWorld) -> World:
    """One ticket came in, about which its provider would rather say nothing."""
    world = new_world(request.param)
    world.hire()
    world.provider.refuses = {"T-1"}
    world.bring(a_theft())
    return world


def ada(world: World, name: str = "ada") -> Reviewer:
    return Reviewer(
        name=name,
        ledger=world.ledger,
        vault=world.vault,
        config=shipped(),
        clock=world.clock,  # type: ignore[arg-type]  # as good a clock
        residence=ANYWHERE,
    )


def opened(world: World, by: Reviewer) -> Opened:
    found = by.open(world.runs()[0])
    assert isinstance(found, Opened)
    return found


def corrects(world: World, by: Reviewer, wishes: Wishes = CARD) -> Left | None:
    planned = by.correct(opened(world, by), wishes, None)
    assert isinstance(planned, Planned)
    return by.do(planned, world.broker)  # type: ignore[arg-type]  # as good a broker


def told(world: World) -> list[str]:
    return [body for body in world.helpdesk.posted() if "Triage Fleet" in body.partition("\n")[0]]


def past_the_limit(world: World, seconds: float = LIMIT) -> None:
    world.tick(seconds)
    for _ in range(40):
        world.tick()
        while world.deliver():
            pass
    world.heal()


def test_people_are_told_at_once_and_nothing_is_moved_before_the_limit(world: World) -> None:
    world.heal()
    [run] = world.runs()
    assert (run.state, run.reason, run.handed_at) == (
        State.IN_REVIEW,
        ReviewReason.REFUSED,
        None,
    )
    assert run.due_at
    past_the_limit(world, run.due_at - world.clock.now() - 100)
    assert world.runs() == [run]
    [note] = told(world)
    assert note.startswith("Triage Fleet waits for a person: refused")
    assert "`triage review show T-1`" in note
    assert "it goes to the queue triage." in note
    assert world.helpdesk.values() == {}


def test_what_nobody_decides_in_time_goes_to_people_and_needs_no_second_note(world: World) -> None:
    world.heal()
    past_the_limit(world)
    [run] = world.runs()
    assert (run.state, run.reason) == (State.IN_REVIEW, ReviewReason.REFUSED)
    assert run.handed_at is not None
    assert world.helpdesk.values() == {"queue": "triage"}
    assert len(told(world)) == 1
    expect_truth(world)


@pytest.mark.parametrize("away", [0, 3], ids=["at once", "the helpdesk was away"])
def test_who_would_have_called_somebody_says_why_and_how_to_decide(world: World, away: int) -> None:
    world.provider.refuses, world.provider.strange = set(), {"T-1"}
    world.helpdesk.mishaps.extend([Mishap.LOST] * away)
    world.heal()
    past_the_limit(world)
    [run] = world.runs()
    assert (run.state, run.reason) == (State.IN_REVIEW, ReviewReason.OUT_OF_SCOPE)
    assert run.why
    assert run.why.endswith("is below 0.65; it would escalate this by theft")
    note = told(world)[-1]
    assert note.startswith(f"Triage Fleet leaves this ticket to you: out_of_scope ({run.why}).")
    assert "Decide here, or with `triage review show T-1`." in note
    assert world.helpdesk.values() == {"queue": "triage"}
    expect_truth(world)


def test_where_the_helpdesk_was_away_it_is_told_when_it_is_handed_over(world: World) -> None:
    world.helpdesk.mishaps.extend([Mishap.LOST] * 3)
    world.heal()
    past_the_limit(world)
    assert world.helpdesk.values() == {"queue": "triage"}
    assert len(told(world)) >= 1
    expect_truth(world)


@pytest.mark.parametrize("handed", [False, True], ids=["in time", "after it was handed over"])
def test_a_decision_is_written_as_the_person_says(world: World, *, handed: bool) -> None:
    """The queue of the hand-over no person has chosen."""
    world.heal()
    if handed:
        past_the_limit(world)
    assert corrects(world, ada(world)) is None
    world.heal()
    [run] = world.runs()
    assert (run.state, run.outcome) == (State.WRITTEN, Outcome.APPLIED)
    assert world.helpdesk.values() == {"issue_type": "card", "priority": "3", "queue": "cards"}
    assert told(world)[-1].startswith("ada, in the review of Triage Fleet, decided: issue type")
    assert {(one.field, one.said, one.truth) for one in world.ledger.labels([How.REVIEW])} == {
        ("issue_type", None, "card"),
        ("priority", None, "3"),
        ("queue", None, "cards"),
    }
    assert world.provider.asked["T-1"] == 1
    expect_truth(world)


def test_what_a_person_says_about_it_stands_in_the_note(world: World) -> None:
    world.heal()
    by = ada(world)
    planned = by.correct(opened(world, by), CARD, "it is about a card")
    assert isinstance(planned, Planned)
    assert by.do(planned, world.broker) is None  # type: ignore[arg-type]  # as good a broker
    world.heal()
    assert "- why: it is about a card" in told(world)[-1].splitlines()


def test_the_second_of_two_is_told_who_was_first(world: World) -> None:
    world.heal()
    bob = ada(world, "bob")
    late = bob.correct(opened(world, bob), Wishes(issue_type="cash"), None)
    assert corrects(world, ada(world)) is None
    assert isinstance(late, Planned)
    left = bob.do(late, world.broker)  # type: ignore[arg-type]  # as good a broker
    assert left is not None
    assert left.startswith("ada has corrected it at ")
    assert "issue type card, priority 3, queue cards" in left
    world.heal()
    [run] = world.runs()
    assert bob.left(run) == left
    assert [one.truth for one in world.ledger.labels()] == ["card", "3", "cards"]
    kinds = [event.kind for event in world.ledger.events(run.id)]
    assert kinds.count(Kind.REVIEWED) == kinds.count(Kind.WRITTEN) == 1
    expect_truth(world)


def test_who_returns_it_says_why_and_people_have_it_at_once(world: World) -> None:
    world.heal()
    by = ada(world)
    planned = by.give_back(opened(world, by), "not ours")
    assert isinstance(planned, Planned)
    assert by.do(planned, world.broker) is None  # type: ignore[arg-type]  # as good a broker
    past_the_limit(world, 1.0)
    [run] = world.runs()
    assert (run.state, run.reason) == (State.IN_REVIEW, ReviewReason.REFUSED)
    assert world.helpdesk.values() == {"queue": "triage"}
    assert [note.partition(":")[0] for note in told(world)] == ["Triage Fleet waits for a person"]
    assert world.helpdesk.posted()[-1].startswith("ada leaves this ticket to you: not ours. It is")
    assert isinstance(by.give_back(opened(world, by), None), Left)
    assert corrects(world, by) is None
    world.heal()
    assert world.helpdesk.values()["queue"] == "cards"
    expect_truth(world)


def test_a_person_who_has_moved_it_keeps_it(world: World) -> None:
    world.heal()
    world.helpdesk.edit(T1, "queue", "vip", "carol")
    past_the_limit(world)
    assert world.helpdesk.values() == {"queue": "vip"}
    assert corrects(world, ada(world)) is None
    world.heal()
    assert world.helpdesk.values() == {"issue_type": "card", "priority": "3", "queue": "vip"}
    [run] = world.runs()
    assert run.outcome is Outcome.PARTLY


def test_whose_customer_has_written_again_is_not_decided_about(world: World) -> None:
    world.heal()
    by = ada(world)
    stale = by.correct(opened(world, by), CARD, None)
    assert isinstance(stale, Planned)
    world.bring(a_theft("T-1", "Again!"))
    left = by.do(stale, world.broker)  # type: ignore[arg-type]  # as good a broker
    assert left is not None
    assert left.startswith("its customer has written again: revision 2 counts now")
    assert world.ledger.labels() == []


@pytest.mark.parametrize(
    "waypoint", [Waypoint.CLAIMED, Waypoint.INTENDED, Waypoint.FIELDS_SENT, Waypoint.NOTE_SENT]
)
@pytest.mark.parametrize("times", [1, 2])
def test_whoever_dies_over_it_each_note_is_there_once(
    world: World, waypoint: Waypoint, times: int
) -> None:
    """Over the first note, over the decision's writes."""
    world.dooms = [Doom(waypoint, times)]
    for _ in range(60):
        world.tick()
        while world.deliver():
            pass
    world.heal()
    assert corrects(world, ada(world)) is None
    for _ in range(60):
        world.tick()
        while world.deliver():
            pass
    world.heal()
    [run] = world.runs()
    assert (run.state, run.outcome) == (State.WRITTEN, Outcome.APPLIED)
    assert world.helpdesk.values() == {"issue_type": "card", "priority": "3", "queue": "cards"}
    notes = told(world)
    assert len(notes) == len(set(notes)) <= 2
    expect_balance(world)
    expect_truth(world)


def test_where_the_limit_is_nothing_people_have_it_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = Policy(review={"hand_over_seconds": {"basic": 0}})  # type: ignore[arg-type]
    for worker in world.workers:
        bench = worker.carrier._bench  # noqa: SLF001 - a config of its own
        config = replace(bench.config, policy=policy)
        monkeypatch.setattr(worker.carrier._courier, "_bench", replace(bench, config=config))  # noqa: SLF001
    world.heal()
    [run] = world.runs()
    assert (run.state, run.due_at) == (State.IN_REVIEW, None)
    assert run.handed_at is not None
    assert world.helpdesk.values() == {"queue": "triage"}
    [note] = told(world)
    assert note.startswith("Triage Fleet leaves this ticket to you: refused")
