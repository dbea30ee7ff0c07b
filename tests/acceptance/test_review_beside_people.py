"""What the commands of review say of what people do in the helpdesk, or have been given there."""

from unittest.mock import patch

from tasks.chronicle import handed_over, handing_over, returned
from tasks.errands.hand_over import HandedOver
from tasks.errors import HelpdeskDown
from tasks.ports.helpdesk import Gone
from tasks.ticket import ExternalId
from tests.acceptance.fleet import Place
from tests.acceptance.reviewed import handed, sheet, waiting, written
from tests.twins.models import a_verdict
from worker.carrying.notebook import change_of
from worker.helpdesks.embedded import EmbeddedHelpdesk
from worker.operating.moments import iso

PROPOSED = a_verdict(issue_type="card")
NOBODY_WORKS = "no fleet runs"


def test_what_a_person_has_set_meanwhile_is_said_to_stay(place: Place) -> None:
    waiting(place, "T-1", PROPOSED)
    mara(place, "T-1", "queue", "onboarding")
    said = place.ask("review", "accept", "T-1").out.splitlines()
    assert said == [
        "queue stays onboarding: a person has chosen it",
        "would be written to T-1: issue type card, priority 3; add --yes to do it",
    ]
    found = place.ask("review", "correct", "T-1", "--queue", "fraud", "--json").json()
    assert (found["queue"], found["kept"]) == ("fraud", ["queue"])
    said = place.ask("review", "return", "T-1").out.splitlines()
    assert said == [
        "queue stays onboarding: a person has chosen it",
        "T-1 would be handed over to people, in the queue onboarding; add --yes to do it",
    ]
    found = place.ask("review", "correct", "T-1", "--queue", "onboarding", "--json").json()
    assert (found["queue"], found["kept"]) == ("onboarding", [])


def test_the_queue_of_the_hand_over_no_person_has_chosen(place: Place) -> None:
    handed(place, waiting(place, "T-1", PROPOSED))
    found = place.ask("review", "accept", "T-1", "--json").json()
    assert (found["queue"], found["kept"]) == ("cards", [])


def test_where_the_helpdesk_does_not_say_what_it_holds_it_may_be_something_else(
    place: Place,
) -> None:
    waiting(place, "T-1", PROPOSED)
    with patch.object(EmbeddedHelpdesk, "look", side_effect=HelpdeskDown("away")):
        said = place.ask("review", "accept", "T-1").out
        assert "the helpdesk does not answer: what a person has set there meanwhile stays" in said
        assert sheet(place, "T-1", holds=None)


def test_where_people_have_it_the_helpdesk_says(place: Place) -> None:
    """It was put in the fallback queue, and they may have moved it since."""
    run = handed(place, waiting(place, "T-1", PROPOSED, ago=7_200.0))
    at = f"people have it since {iso(run.handed_at)}"
    said = place.ask("review", "show", "T-1").out
    assert f"{at}: it is in the queue triage now; decide all the same" in said
    mara(place, "T-1", "queue", "onboarding")
    said = place.ask("review", "show", "T-1").out
    assert f"{at}: it is in the queue onboarding now; decide all the same" in said
    found = sheet(place, "T-1")
    assert found["holds"]["queue"] == "onboarding"
    with patch.object(EmbeddedHelpdesk, "look", return_value=Gone("T-1 is closed")):
        said = place.ask("review", "show", "T-1").out
        assert f"{at}: T-1 is closed" in said
        said = place.ask("review", "accept", "T-1").out
        assert "T-1 is closed: nothing is written there" in said
    assert "given to people in the helpdesk: 1 more; --all" in place.ask("review", "list").out


def test_since_when_it_waits_is_the_same_everywhere(place: Place) -> None:
    """A hand-over is no new beginning."""
    handed(place, waiting(place, "T-1", PROPOSED, ago=7_200.0))
    [row] = place.ask("review", "list", "--all", "--json").json()
    assert row["since"] == sheet(place, "T-1")["since"] < row["handed_at"]
    assert "2.0 h" in place.ask("review", "list", "--all").out


def test_a_value_that_a_person_has_set_is_the_truth_of_a_review(place: Place) -> None:
    """It stays in the helpdesk, whatever whoever reviews it thinks."""
    for ticket, words in (
        ("T-1", ("accept", "T-1")),
        ("T-2", ("correct", "T-2", "--issue-type", "exchange", "--queue", "fraud")),
    ):
        run = waiting(place, ticket, PROPOSED)
        for field, value in (("issue_type", "cash"), ("priority", "2"), ("queue", "payments")):
            mara(place, ticket, field, value)
        place.ask("review", *words, "--as", "ann", "--yes")
        labels = {one.field: one for one in place.shop.ledger.labels_of(run.id)}
        assert {name: (one.said, one.truth, one.by) for name, one in labels.items()} == {
            "issue_type": ("card", "cash", "helpdesk"),
            "priority": ("3", "2", "helpdesk"),
            "queue": ("cards", "payments", "helpdesk"),
        }
        written(place, ticket)
        found = place.ask("ticket", "golden", ticket, "--json").json()
        expected = {"issue_type": "cash", "priority": 2, "queue": "payments"}
        assert found["case"]["expected"] == expected
    rows = place.ask("truth", "--json").json()["rows"]
    assert {one["field"]: (one["reviewed"], one["wrong"]) for one in rows} == {
        "issue_type": (2, 2),
        "priority": (2, 2),
        "queue": (2, 2),
    }


def test_what_nobody_has_set_in_the_helpdesk_is_as_the_reviewer_says(place: Place) -> None:
    for ticket, value in (("T-1", "fraud"), ("T-2", "cards")):
        waiting(place, ticket, PROPOSED)
        mara(place, ticket, "queue", value)
    waiting(place, "T-3", PROPOSED)
    mara(place, "T-3", "queue", "fraud")
    run = handed(place, waiting(place, "T-4", PROPOSED))
    for ticket in ("T-1", "T-2", "T-4"):
        place.ask("review", "accept", ticket, "--as", "ann", "--yes")
    with patch.object(EmbeddedHelpdesk, "look", side_effect=HelpdeskDown("away")):
        place.ask("review", "accept", "T-3", "--as", "ann", "--yes")
    told = {}
    for ticket in ("T-1", "T-2", "T-3", "T-4"):
        labels = place.shop.ledger.labels_of(place.run(ticket).id)
        told[ticket] = {one.field: (one.truth, one.by) for one in labels}
    assert run.id == place.run("T-4").id
    as_ann_says = {
        "issue_type": ("card", "ann"),
        "priority": ("3", "ann"),
        "queue": ("cards", "ann"),
    }
    assert told["T-1"] == {**as_ann_says, "queue": ("fraud", "helpdesk")}
    assert told["T-2"] == told["T-3"] == told["T-4"] == as_ann_says


def test_who_decides_sees_where_it_stays_and_what_the_helpdesk_holds(place: Place) -> None:
    """What a person has moved goes nowhere, whether or not anybody decides."""
    waiting(place, "T-1", PROPOSED)
    said = place.ask("review", "show", "T-1").out
    assert "it goes to the queue triage at once, if nobody decides" in said
    assert "the helpdesk holds: nothing yet" in said.splitlines()
    mara(place, "T-1", "priority", "2")
    mara(place, "T-1", "queue", "fraud")
    said = place.ask("review", "show", "T-1").out
    assert "it stays in the queue fraud, where a person has put it, if nobody decides" in said
    assert "it goes to the queue" not in said
    assert "the helpdesk holds: priority 2, queue fraud" in said.splitlines()
    with patch.object(EmbeddedHelpdesk, "look", side_effect=HelpdeskDown("away")):
        said = place.ask("review", "show", "T-1").out
    assert "unless a person has moved it: the helpdesk does not answer" in said
    assert "the helpdesk holds" not in said


def test_what_was_returned_is_told_from_what_ran_out(place: Place) -> None:
    """About the one nobody may decide any more, about the other somebody may."""
    handed(place, waiting(place, "T-1", PROPOSED))
    run = waiting(place, "T-2", PROPOSED)
    back = {"state": run.state, "stage": run.stage, "reason": run.reason, "why": run.why}
    entries = (
        returned("ann", None),
        handing_over(run, "a test", is_news=True),
        handed_over(HandedOver(results=()), back),
    )
    change = change_of(run, entries, None, vault=place.shop.vault, clock=place.shop.clock)
    assert place.shop.ledger.commit([change]) == [True]
    waiting(place, "T-3", PROPOSED)
    rows = place.ask("review", "list", "--all", "--json").json()
    assert {one["ticket"]: one["returned"] for one in rows} == {
        "T-1": False,
        "T-2": True,
        "T-3": False,
    }
    assert {bool(one["handed_at"]) for one in rows if one["ticket"] != "T-3"} == {True}
    told = {line.split()[0]: line for line in place.ask("review", "list", "--all").out.splitlines()}
    assert "handed over" in told["T-1"]
    assert "returned" in told["T-2"]
    assert "handed over" not in told["T-2"]
    assert "has returned it" in place.ask("review", "accept", "T-2", code=1).err
    assert "would be written" in place.ask("review", "accept", "T-1").out


def mara(place: Place, ticket: str, field: str, value: str) -> None:
    """A person sets that in the helpdesk."""
    assert place.shop.sandbox.edit(ExternalId(ticket), field, value, "mara")
