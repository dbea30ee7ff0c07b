"""What the page says: the health first, every number as people read it, and no word too many."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tasks.causes import WaitReason
from tasks.run import State
from tests.twins.clock import NOON
from tests.unit.worker.pages.views import EMPTY, a_view, a_worker, an_alert, the_books
from worker.broker.names import QUEUES
from worker.guards.standing import Standing, StandingState
from worker.ledgers.accounting import Account
from worker.pages import figures
from worker.pages.backlog import Grave, Wait
from worker.pages.pace import Minute
from worker.pages.shown import show
from worker.pages.snapshot import OnBroker
from worker.pages.tables import FAULTS, MOST_ROWS, SECTIONS, WAITS, Row
from worker.pages.trouble import WRONG, Fault, Trouble
from worker.pages.watch import View

SOME = the_books({State.QUEUED: 1, State.WRITTEN: 2})


@pytest.mark.parametrize(
    ("view", "tone", "health"),
    [
        (a_view(), "calm", "Balanced"),
        (a_view(books=SOME), "calm", "Balanced"),
        (a_view(books=SOME, alerts=(an_alert("no worker: 1"),)), "warn", "Balanced, 1 alert"),
        (
            a_view(books=SOME, alerts=(an_alert("no worker: 1"), an_alert("unrouted: 2"))),
            "warn",
            "Balanced, 2 alerts",
        ),
        (a_view(books=SOME, trouble=an_alert("ledger down: gone")), "stale", "Out of date"),
        (
            a_view(books=the_books({}, lost=1), alerts=(an_alert("books differ: x"),)),
            "alarm",
            "Not balanced",
        ),
        (
            a_view(books=the_books({}, lost=1), trouble=an_alert("ledger down: x")),
            "alarm",
            "Not balanced",
        ),
        (
            View(snapshot=None, age=None, trouble=an_alert("ledger down: gone")),
            "stale",
            "No numbers yet",
        ),
    ],
)
def test_the_health_is_one_word_and_a_colour(view: View, tone: str, health: str) -> None:
    shown = show(view)
    assert shown.tone == tone
    assert shown.texts["health"] == health
    assert shown.texts["title"] == f"{health} · Triage Fleet"


def test_books_that_differ_say_by_how_much() -> None:
    shown = show(a_view(books=the_books({State.WRITTEN: 1_233}, lost=1)))
    assert shown.texts["books"] == "1,234 tickets were ingested, 1,233 are in some place."


def test_trouble_comes_before_the_alerts_each_with_its_heading() -> None:
    shown = show(
        a_view(
            trouble=an_alert("ledger down: gone"),
            alerts=(an_alert("no worker: 3 tickets are unrouted"),),
        )
    )
    assert shown.alerts == (
        Row(label="ledger down", note="gone"),
        Row(label="no worker", note="3 tickets are unrouted"),
    )


def test_every_state_has_a_place_in_the_bar() -> None:
    shown = show(a_view(books=the_books({State.QUEUED: 1, State.WRITTEN: 3})))
    assert [width for _, width in shown.bars["books"]] == [25, 0, 0, 0, 75, 0, 0]
    assert [begin for begin, _ in shown.bars["books"]] == [0, 25, 25, 25, 25, 100, 100]


def test_minutes_stand_on_zero_and_the_tallest_fills_the_height() -> None:
    minutes = tuple(Minute(at=NOON, routed=routed) for routed in (0, 5, 20))
    shown = show(a_view(pace=replace(EMPTY.pace, minutes=minutes)))
    assert list(shown.bars["minutes"]) == [(100.0, 0.0), (75.0, 25.0), (0.0, 100.0)]
    assert shown.texts["minutes"].endswith("the tallest is 20.")


def test_each_queue_shows_what_waits_what_is_unacked_and_what_the_ledger_knows() -> None:
    broker = OnBroker(depths={"economy": 12}, unacked={"economy": 3})
    backlog = replace(EMPTY.backlog, queued={"economy": 13})
    books = the_books({State.QUEUED: 13, State.DEAD: 4})
    rows = show(a_view(broker=broker, backlog=backlog, books=books)).rows["queues"]
    assert [row.label for row in rows] == list(QUEUES)
    found = {row.label: row.values for row in rows}
    assert found["economy"] == ("12", "3", "13")
    assert found["upkeep"] == ("0", "0", figures.NOTHING)
    assert found["dead_letter"] == ("0", "0", "4")


def test_a_broker_that_is_down_leaves_question_marks() -> None:
    shown = show(a_view(broker=None))
    assert shown.rows["queues"][0].values == ("?", "?", "0")
    assert "does not answer" in shown.texts["queues_fine"]


def test_what_waits_says_why_and_when_it_goes_on() -> None:
    waits = (
        Wait(reason="rate", count=1_200, next_at=NOON + 42),
        Wait(reason="new", count=1, next_at=None),
        Wait(reason="retry", count=1, next_at=NOON - 1),
    )
    rows = show(a_view(backlog=replace(EMPTY.backlog, waits=waits))).rows["waiting"]
    assert rows == (
        Row(label="rate", note=WAITS["rate"], values=("1,200", "in 42 s")),
        Row(label="new", values=("1", figures.NOTHING)),
        Row(label="retry", note=WAITS["retry"], values=("1", "now")),
    )


def test_every_reason_and_every_kind_of_error_is_explained() -> None:
    assert WAITS.keys() == set(WaitReason)
    assert FAULTS.keys() == {str(kind) for kind in WRONG}


def _graves(*causes: tuple[str, str]) -> tuple[Row, ...]:
    graves = tuple(
        Grave(cause=cause, stage=stage, count=1, oldest_at=NOON - 60) for cause, stage in causes
    )
    return show(a_view(backlog=replace(EMPTY.backlog, graves=graves))).rows["dead"]


def test_the_dead_have_the_command_that_calls_them_back() -> None:
    [row] = _graves(("off_list", "validate"))
    assert row.label == "off_list at validate"
    assert row.note == "triage dead requeue --cause off_list --yes"
    assert row.values == ("1", "1 min")


def test_a_cause_at_two_stages_is_called_back_by_stage() -> None:
    notes = [row.note for row in _graves(("bug", "write"), ("bug", "classify"))]
    assert notes[0] == "triage dead requeue --cause bug --stage write --yes"


def test_a_command_cannot_be_made_to_do_something_else() -> None:
    [row] = _graves(("x; rm -rf /", "write"))
    assert row.note == "triage dead requeue --cause 'x; rm -rf /' --yes"


def test_no_table_outgrows_the_page() -> None:
    rows = _graves(*((f"cause_{number}", "write") for number in range(MOST_ROWS + 5)))
    assert len(rows) == MOST_ROWS + 1
    assert rows[-1] == Row(label="and 5 more")


def test_errors_are_shares_of_the_claims() -> None:
    faults = (
        Fault(kind="failed", detail="classify", count=30, rate=0.03),
        Fault(kind="lapsed", detail="", count=1, rate=0.0005),
    )
    shown = show(_troubled(faults))
    assert [row.values for row in shown.rows["errors"]] == [("30", "3.0 %"), ("1", "< 0.1 %")]
    assert "1,000 times" in shown.texts["errors_fine"]


def _troubled(faults: tuple[Fault, ...]) -> View:
    snapshot = replace(EMPTY, trouble=Trouble(claims=1_000, faults=faults))
    return View(snapshot=snapshot, age=0.0, trouble=None)


def test_workers_are_named_with_what_they_work_on() -> None:
    [row] = show(a_view(workers=(a_worker(),))).rows["workers"]
    assert row == Row(label="host-1 · 7", note="economy, premium", values=("0.1.0", "1.0 h"))


def test_every_section_has_its_rows_its_foot_and_a_word_for_when_it_is_empty() -> None:
    shown = show(a_view())
    for section in SECTIONS:
        assert section.name in shown.rows
        assert f"{section.name}_fine" in shown.texts
        assert section.empty


def test_what_is_shown_is_plain_json() -> None:
    json.dumps(show(a_view(books=SOME, workers=(a_worker(),))).as_json())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (figures.count(12_480), "12,480"),
        (figures.rate(0.0), "0"),
        (figures.rate(4.25), "4.2"),
        (figures.rate(1_281.6), "1,282"),
        (figures.share(None), figures.NOTHING),
        (figures.share(0.0), "0.0 %"),
        (figures.share(0.0004), "< 0.1 %"),
        (figures.share(1.0), "100.0 %"),
        (figures.span(None), figures.NOTHING),
        (figures.span(0.84), "840 ms"),
        (figures.span(2.44), "2.4 s"),
        (figures.span(7_200.0), "2.0 h"),
        (figures.usd(0), "$0.00"),
        (figures.usd(4_200), "$0.0042"),
        (figures.usd(1_234_560_000), "$1,234.56"),
    ],
)
def test_numbers_read_as_people_say_them(said: str, meant: str) -> None:
    assert said == meant


# ── Breakers and caps ────────────────────────────────────────────────────────────────────────────


def _standing(name: str, state: StandingState, **changes: Any) -> Standing:  # noqa: ANN401 - its own
    known = Standing(
        name=name, state=state, since=NOON, failing=None, calls=0, probe_in=None, lets=1.0
    )
    return replace(known, **changes)


def test_what_is_left_alone_stands_first_with_when_it_is_probed_or_who_holds_it() -> None:
    well = _standing("anthropic", "closed", failing=0.02, calls=50)
    away = _standing("openai", "open", failing=1.0, calls=30, probe_in=12.0, lets=0.0)
    held = _standing("facts", "tripped", by="ada", why="the move", lets=0.0)
    assert show(a_view(breakers=(well, away, held))).rows["breakers"] == (
        Row(label="facts", note="by ada: the move", values=("tripped", figures.NOTHING)),
        Row(label="openai", note="probed in 12 s", values=("open", "100.0 %")),
        Row(label="anthropic", values=("closed", "2.0 %")),
    )


def test_a_broker_that_does_not_answer_hides_breakers_and_says_so() -> None:
    shown = show(a_view(breakers=None))
    assert shown.rows["breakers"] == ()
    assert "does not answer" in shown.texts["breakers_fine"]


def test_a_cap_is_shown_with_what_is_spent_and_who_waits_for_it() -> None:
    fleet = Account(scope="fleet", spent=12_500_000, reserved=0, cap=50_000_000)
    closed = Account(scope="economy", spent=9_999_000, reserved=0, cap=10_000_000, waiting=1_204)
    shown = show(a_view(accounts=(fleet, closed)))
    assert shown.rows["caps"] == (
        Row(label="fleet", values=("$12.50", "$50.00")),
        Row(label="economy", note="1,204 wait for tomorrow", values=("$10.00", "$10.00")),
    )
