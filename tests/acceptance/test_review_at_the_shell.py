"""What the commands of review say to whoever decides."""

import asyncio

from tasks.causes import Cause, DropCause, ReviewReason
from tasks.detour import Drop, GiveUp, NeedsHuman
from tasks.ticket import ExternalId
from tests.acceptance.decided import decided
from tests.acceptance.fleet import Place, a_line
from tests.acceptance.reviewed import STRANGE, sheet, unsure, waiting
from tests.house.reasons import turned
from tests.twins.models import a_verdict

PROPOSED = a_verdict(issue_type="card")
NOBODY_WORKS = "no fleet runs"


def test_who_has_waited_longest_is_listed_first(place: Place) -> None:
    """By when they came to wait, and not by when they came in."""
    for ticket, ago in (("T-1", 60.0), ("T-2", 7_200.0), ("T-3", 600.0)):
        waiting(place, ticket, PROPOSED, ago=ago)
    rows = place.ask("review", "list", "--json").json()
    assert [one["ticket"] for one in rows] == ["T-2", "T-3", "T-1"]
    assert [one["since"] for one in rows] == sorted(one["since"] for one in rows)
    told = [line.split()[:3] for line in place.ask("review", "list").out.splitlines()]
    assert told[1:4] == [["T-2", "2.0", "h"], ["T-3", "10", "min"], ["T-1", "1", "min"]]
    assert [one["ticket"] for one in place.ask("review", "list", "--limit", "1", "--json").json()]


def test_what_is_due_first_is_listed_first(place: Place) -> None:
    """And what has no limit last, however long it waits."""
    now = place.shop.clock.now()
    for ticket, ago, until in (
        ("T-1", 900.0, now + 800),
        ("T-2", 5.0, now + 300),
        ("T-3", 9_000.0, None),
        ("T-4", 800.0, now + 800),
        ("T-5", 9_999.0, None),
    ):
        waiting(place, ticket, PROPOSED, ago=ago, detour=unsure(until))
    rows = place.ask("review", "list", "--json").json()
    assert [one["ticket"] for one in rows] == ["T-2", "T-1", "T-4", "T-5", "T-3"]
    said = place.ask("review", "list", "--limit", "1")
    assert "T-2" in said.out
    assert "the first 1 to be due; for more say --limit N" in said.err


def test_where_no_fleet_runs_it_says_so(place: Place) -> None:
    waiting(place, "T-1", PROPOSED)
    said = place.ask("review", "list")
    assert NOBODY_WORKS in said.err
    assert NOBODY_WORKS not in said.out
    words = ("review", "accept", "T-1")
    assert "would be written" in place.ask(*words).out
    assert "decided; as soon as a fleet runs it will be written" in place.ask(*words, "--yes").out


def test_notes_are_shown_whole(place: Place) -> None:
    waiting(place, "T-1", PROPOSED)
    long = " ".join(f"word{number}" for number in range(60))
    note = place.shop.sandbox.post_note(ExternalId("T-1"), f"{long}\n- and a list", key="n-1")
    assert asyncio.run(note) is None
    lines = place.ask("helpdesk", "show", "T-1").out.splitlines()
    assert all(len(line) <= 100 for line in lines)
    said = " ".join(" ".join(lines).split())
    assert f"triage-fleet n-1 {long} - and a list" in said
    assert "  - and a list" in lines


def test_it_says_what_there_is_to_choose_from_and_who_asks(place: Place) -> None:
    """All that `correct` takes, with the priority that policy has for this customer."""
    waiting(place, "T-1", PROPOSED)
    found = sheet(place, "T-1")
    taxonomy = place.shop.config.taxonomy
    assert found["requester"] == {"name": "Ada", "email": "basic@example.com"}
    choices = found["choices"]
    assert [one["name"] for one in choices["issue_types"]] == list(taxonomy.names)
    [card] = [one for one in choices["issue_types"] if one["name"] == "card"]
    assert card == {
        "name": "card",
        "queue": "cards",
        "priority": 3,
        "most_urgent": 2,
        "least_urgent": 4,
        "rule": "card for basic is 3",
        "criteria": ["legal_threat", "vulnerable_customer"],
    }
    assert "triage" in choices["queues"]
    assert choices["criteria"] == [one.id for one in taxonomy.criteria]
    page = place.ask("review", "show", "T-1").out
    assert "customer: Ada <basic@example.com>, tier basic" in page
    assert "priority by policy: 3 (card for basic is 3); a model may say 2 to 4" in page
    lines = [" ".join(line.split()) for line in page.splitlines()]
    assert "card 3 cards legal_threat, vulnerable_customer" in lines
    assert f"queues: {', '.join(choices['queues'])}" in lines
    assert f"criteria: {', '.join(choices['criteria'])}, or none" in lines


def test_a_share_above_its_threshold_says_what_it_falls_short_of(place: Place) -> None:
    strange = NeedsHuman(reason=ReviewReason.OUT_OF_SCOPE, why=f"openai/one: {STRANGE.abstains}")
    waiting(place, "T-1", PROPOSED, detour=strange, signals=STRANGE)
    page = place.ask("review", "show", "T-1").out
    assert "0.970, but out of scope: familiarity 0.42 is below 0.65" in page
    assert "needed" not in page
    assert sheet(place, "T-1")["proposal"]["abstains"] == STRANGE.abstains
    waiting(place, "T-2", PROPOSED)
    assert "0.480, needed 0.900" in place.ask("review", "show", "T-2").out
    assert sheet(place, "T-2")["proposal"]["abstains"] is None


def test_a_dead_letter_is_called_one(place: Place) -> None:
    place.take_in("no json")
    [run] = place.runs()
    said = place.ask("review", "show", run.id, code=2).err
    assert f"it is a dead letter (not_json): see `triage dead show {run.external_id}`" in said
    place.take_in(a_line("T-1", "Which rate is it?"))
    turned(place, place.run("T-1"), GiveUp(cause=Cause.BUG, why="a test"), "classify")
    said = place.ask("review", "show", "T-1").out
    assert "nobody may decide here any more: it is a dead letter (bug): see `triage dead" in said
    said = place.ask("review", "accept", "T-1", code=1).err
    assert "T-1 is left alone: it is a dead letter (bug): see `triage dead show T-1`" in said


def test_what_waits_for_nobody_says_where_it_is(place: Place) -> None:
    place.take_in(a_line("T-1", "Which rate is it?"))
    said = place.ask("review", "accept", "T-1", code=1).err
    assert "it does not wait for a person: it is queued (stage enrich)" in said
    decided(place, "T-2")
    said = place.ask("review", "accept", "T-2", code=1).err
    assert "it does not wait for a person: it is written; what is wrong is mended in the" in said
    turned(place, place.run("T-1"), Drop(cause=DropCause.OPERATOR, why="a test"), "enrich")
    said = place.ask("review", "accept", "T-1", code=1).err
    assert "it does not wait for a person: it was dropped (operator)" in said


def test_whether_a_model_was_asked_is_told_apart(place: Place) -> None:
    german = NeedsHuman(reason=ReviewReason.LANGUAGE, why="the message is in German")
    waiting(place, "T-1", detour=german)
    waiting(place, "T-2", "{", detour=unsure())
    for ticket, why in (
        ("T-1", "no model has answered"),
        ("T-2", "no answer of a model can be read"),
    ):
        assert f"proposal: none; {why}\n" in place.ask("review", "show", ticket).out
        assert sheet(place, ticket, proposal=None)["no_proposal"] == why
        said = place.ask("review", "accept", ticket, code=2).err
        assert f"{why}: `triage review correct` takes values" in said


def test_several_may_share_an_account_of_the_system(place: Place) -> None:
    run = waiting(place, "T-1", PROPOSED)
    words = ("review", "accept", "T-1", "--yes", "--as")
    for name in ("triage-fleet", "a\nb", "x" * 61):
        assert "argument --as" in place.ask(*words, name, code=2).err
    for name in ("", "  "):
        assert "argument --as: a person has a name: this one is empty" in (
            place.ask(*words, name, code=2).err
        )
    place.ask(*words, "lena")
    assert {one.by for one in place.shop.ledger.labels_of(run.id)} == {"lena"}
    said = place.ask("review", "return", "T-1", "--as", "cole", code=1).err
    assert "lena has accepted it at" in said


def test_a_person_is_told_what_is_unusual_about_their_values(place: Place) -> None:
    waiting(place, "T-1", a_verdict(issue_type="exchange", priority=4))
    words = ("review", "correct", "T-1", "--issue-type", "card")
    assert "issue type card, priority 3, queue cards" in place.ask(*words).out
    said = place.ask(*words, "--priority", "1", "--escalate", "theft").out.splitlines()
    assert "priority 1 is outside what policy allows: 2 to 4" in said
    assert "theft is no criterion of card: it has legal_threat, vulnerable_customer" in said
    assert "is no criterion" not in place.ask(*words, "--escalate", "legal_threat").out
    assert "is no criterion" not in place.ask(*words, "--escalate", "none").out


def test_a_return_names_the_ticket_and_the_queue_before_it_is_done(place: Place) -> None:
    waiting(place, "T-1", PROPOSED)
    said = place.ask("review", "return", "T-1").out
    assert said == ("T-1 would be handed over to people, in the queue triage; add --yes to do it\n")
    said = place.ask("review", "return", "T-1", "--yes").out
    assert said == (
        "decided; as soon as a fleet runs T-1 will be handed over to people, in the queue triage\n"
    )


def test_what_nobody_may_decide_any_more_offers_no_choice(place: Place) -> None:
    decided(place, "T-1")
    said = place.ask("review", "show", "T-1").out
    assert "nobody may decide here any more: it does not wait for a person" in said
    assert "not stopped" not in said
    assert "to choose from" not in said
    waiting(place, "T-2", PROPOSED)
    assert "stopped by unsure: " in place.ask("review", "show", "T-2").out
    assert "to choose from" in place.ask("review", "show", "T-2").out


def test_whoever_names_no_value_corrects_nothing(place: Place) -> None:
    run = waiting(place, "T-1", PROPOSED)
    for words in ((), ("--yes",), ("--why", "a slip", "--yes"), ("--yes", "--json")):
        said = place.ask("review", "correct", "T-1", *words, code=2).err
        assert "name what is right (--issue-type, --priority, --queue, --escalate)" in said
        assert "or accept it: `triage review accept T-1`" in said
    assert place.run("T-1") == run
    assert "would be written" in place.ask("review", "correct", "T-1", "--escalate", "none").out


def test_a_mistyped_option_shows_how_this_command_is_used(place: Place) -> None:
    said = place.ask("review", "correct", "T-1", "--issue_type", "card", code=2).err
    assert "usage: triage review correct " in said
    assert "triage review correct: error: unrecognized arguments: --issue_type card" in said
