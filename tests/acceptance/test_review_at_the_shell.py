"""What the commands of review say to whoever decides."""

import asyncio

from tasks.ticket import ExternalId
from tests.acceptance.fleet import Place
from tests.acceptance.reviewed import waiting
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
