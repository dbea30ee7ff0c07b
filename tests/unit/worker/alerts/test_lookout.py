"""A picture of the fleet says what its ledger says, on either database."""

from dataclasses import replace

import pytest

from config.alerts import AlertKind
from config.mode import Mode
from tasks.causes import WaitReason
from tasks.events import Kind
from tasks.ports.ledger import Cursor
from tasks.run import State
from tests.ledgers import an_arrival
from tests.moneyed import cap, reserved
from tests.twins.clock import NOON
from tests.unit.worker.alerts.pictures import CONFIG
from tests.unit.worker.pages.scene import (
    IN_REVIEW,
    Scene,
    Step,
    answered,
    buried,
    claimed,
    enriched,
    failed,
    waits,
)
from worker.alarm import watched
from worker.alerts.answers import PREFIX, answers_of, new_marks, read_answers
from worker.alerts.lookout import Lookout
from worker.alerts.picture import Rates, Shares
from worker.ledgers.alerting import Kept
from worker.ledgers.engine import reading
from worker.ledgers.switching import GuardOff

HOUR = 3_600.0


def _lookout(scene: Scene, **more: object) -> Lookout:
    return Lookout(scene.ledger, CONFIG, **more)  # type: ignore[arg-type]


def validated(escalated: str | None = None) -> Step:
    body = {"issue_type": "card", "priority": 2, "queue": "cards", "escalated": escalated}
    return Kind.VALIDATED, body


def answered_as(name: str) -> Step:
    kind, body = answered("economy", 100)
    return kind, {**body, "model_answered": name}


def test_of_an_empty_ledger_there_is_nothing_to_tell(scene: Scene) -> None:
    picture = _lookout(scene).look(NOON)
    assert (picture.rates, picture.shares) == (Rates(), Shares())
    assert _lookout(scene).known(picture) == ()


def test_workers_are_alive_or_lost(scene: Scene) -> None:
    scene.work(at=NOON - 1, pid=7)
    scene.work(at=NOON - 60, pid=8)
    picture = _lookout(scene).look(NOON)
    assert [worker.pid for worker in picture.alive] == [7]
    assert picture.lost == 1


def test_what_happened_lately_is_counted(scene: Scene) -> None:
    scene.write(3, came=NOON - 60, took=2)
    one, two = scene.arrive(2, at=NOON - 60)
    scene.tell(one, claimed(one), failed("classify"), waits("retry", NOON), at=NOON - 50)
    scene.tell(two, claimed(two), failed("write"), buried("bug"), at=NOON - 50)
    [old] = scene.arrive(at=NOON - HOUR)
    scene.tell(old, claimed(old), failed("write"), buried("bug"), at=NOON - 901)
    scene.arrive(2, at=NOON - 9, malformed=("not_json", "line 1"))
    rates = _lookout(scene).look(NOON).rates
    assert rates == Rates(claimed=5, failed=2, buried=3, ended=6)


def test_shares_are_of_the_last_hour_and_of_what_somebody_waits_for(scene: Scene) -> None:
    scene.write(2, came=NOON - 60, took=2)
    for at, criterion in ((NOON - 50, None), (NOON - 40, "legal_threat"), (NOON - HOUR - 1, "x")):
        [run] = scene.arrive(at=at)
        scene.tell(run, claimed(run), validated(criterion), IN_REVIEW, at=at)
    [shadow] = scene.ledger.ingest(
        [replace(an_arrival(at=NOON), mode=Mode.SHADOW)], cursor=None
    ).runs
    scene.tell(shadow, claimed(shadow), IN_REVIEW, at=NOON)
    shares = _lookout(scene).look(NOON).shares
    assert shares == Shares(routed=4, in_review=2, validated=2, escalated=1)


def test_what_runs_wait_for_is_told_by_reason_and_what_is_parked_by_name(scene: Scene) -> None:
    for name in ("credential:K", "anthropic credential:K model:m", "helpdesk:rt", None):
        [run] = scene.arrive(at=NOON - 60)
        body = {"until": NOON, "reason": WaitReason.PARKED, "why": "401", "waits_for": name}
        scene.tell(run, claimed(run), (Kind.WAITING, body), at=NOON - 50)
    [run] = scene.arrive(at=NOON - 60)
    scene.tell(run, claimed(run), waits("rate", NOON), at=NOON - 50)
    picture = _lookout(scene).look(NOON)
    assert picture.waiting == {"parked": 4, "rate": 1}
    assert picture.parked == {"credential:K": 2, "model:m": 1, "": 2}


def test_the_oldest_is_told_by_customer_tier(scene: Scene) -> None:
    scene.write(1, came=NOON - 5_000, took=1)
    [run] = scene.arrive(at=NOON - 400)
    scene.tell(run, claimed(run), enriched("economy", "business"), at=NOON - 390)
    scene.arrive(at=NOON - 300)
    assert _lookout(scene).look(NOON).oldest == {"business": NOON - 400, "basic": NOON - 300}


def test_a_backfill_s_runs_are_told_apart_and_nobody_waits_for_them(scene: Scene) -> None:
    arrival = replace(an_arrival(at=NOON - 9 * HOUR), mode=Mode.SHADOW)
    queued, dead = scene.ledger.ingest(
        [arrival, replace(an_arrival(at=NOON), mode=Mode.SHADOW)], cursor=None
    ).runs
    scene.tell(dead, claimed(dead), failed("classify"), buried("bug"), at=NOON)
    picture = _lookout(scene).look(NOON)
    assert picture.backfill == {queued.state: 1, State.DEAD: 1}
    assert (picture.oldest, _lookout(scene).known(picture)) == ({}, ())


def test_what_today_has_cost_is_in_the_picture(scene: Scene) -> None:
    """A cap that is reached is an alert today, and none any more tomorrow."""
    cap(scene.ledger, "economy", 1_000)
    reserved(scene.ledger, 900)
    scene.work(at=NOON)
    names = [alert.name for alert in _lookout(scene).known(_lookout(scene).look(NOON))]
    assert names == ["cap-near:economy"]
    tomorrow = NOON + 24 * HOUR
    scene.work(at=tomorrow, pid=8)
    found = _lookout(scene).raised(_lookout(scene).look(tomorrow))
    assert not [alert for alert in found if alert.name.startswith("cap")]


def test_guards_that_are_off_are_in_the_picture_until_their_time(scene: Scene) -> None:
    off = GuardOff(name="money", until=NOON + 9, since=NOON, by="ada", why="a test")
    scene.ledger.switch_off(off)
    assert _lookout(scene).look(NOON).guards_off == (off,)
    assert _lookout(scene).look(NOON + 9).guards_off == ()


def test_models_are_known_by_the_names_that_they_answered_under(scene: Scene) -> None:
    """A provider may send any text there; ours repeated says nothing."""
    for name in ("m-1", "m-1", "<b>Dear Ada,\n" + "x" * 200, "openai/gpt-5-mini"):
        [run] = scene.arrive(at=NOON)
        scene.tell(run, claimed(run), answered_as(name), at=NOON)
    with reading(scene.ledger.engine) as connection:
        seen = read_answers(connection)
    strange = ("?b?Dear?Ada??" + "x" * 200)[:80]
    assert seen == {("openai/gpt-5-mini", "m-1"), ("openai/gpt-5-mini", strange)}
    scene.ledger.mark(new_marks({}, seen), NOON)
    known = answers_of(scene.ledger.marked(PREFIX))
    assert known == {"openai/gpt-5-mini": {"m-1": NOON, strange: NOON}}
    assert new_marks(known, seen) == frozenset()
    assert _lookout(scene).look(NOON).answers == known


def test_a_provider_that_makes_names_up_fills_no_ledger() -> None:
    known = {"m": {f"name-{number}": NOON for number in range(20)}}
    assert new_marks(known, frozenset({("m", "another"), ("n", "first")})) == {"answers n first"}


def test_since_when_it_holds_is_what_was_kept(scene: Scene) -> None:
    scene.arrive(at=NOON)
    lookout = _lookout(scene)
    [before] = lookout.known(lookout.look(NOON))
    assert before.since is None
    kept = Kept(name="workers", kind="no worker", text="x", since=NOON - 60, told_at=NOON - 60)
    scene.ledger.keep_alert(None, kept, {}, NOON)
    [after] = lookout.known(lookout.look(NOON))
    assert after.since == NOON - 60
    over = replace(kept, resolved_at=NOON - 50, resolution_told_at=NOON - 40)
    scene.ledger.keep_alert(kept, over, {}, NOON)
    [anew] = lookout.known(lookout.look(NOON))
    assert anew.since is None


def test_what_cannot_be_seen_is_as_it_was_told(scene: Scene) -> None:
    kept = Kept(name="breaker:x", kind="breaker open", text="open", since=NOON, told_at=NOON)
    scene.ledger.keep_alert(None, kept, {}, NOON)
    blind = _lookout(scene, breakers=lambda: None)
    picture = blind.look(NOON + 900)
    assert AlertKind.BREAKER_OPEN in picture.unseen
    assert [(a.name, a.since) for a in blind.known(picture)] == [("breaker:x", NOON)]
    seeing = _lookout(scene, breakers=tuple)
    assert seeing.known(seeing.look(NOON + 900)) == ()


def test_what_another_fleet_s_shell_polls_is_told_there(scene: Scene) -> None:
    """`triage up SOURCE` has its workers poll it, and nobody else's environment names it."""
    name = "source:file:elsewhere"
    kept = Kept(name=name, kind="not polled", text="x", since=NOON, told_at=NOON)
    scene.ledger.keep_alert(None, kept, {}, NOON)
    lookout = _lookout(scene)
    assert lookout.known(lookout.look(NOON)) == (), "nobody works, so nobody polls"
    scene.work(at=NOON)
    assert [alert.name for alert in lookout.known(lookout.look(NOON))] == [name]
    theirs = _lookout(scene, watched=["file:elsewhere"])
    [seen] = theirs.known(theirs.look(NOON))
    assert seen.text != "x", "they look for themselves"


def test_a_shell_that_names_no_helpdesk_does_not_miss_the_embedded_one(scene: Scene) -> None:
    """Its fleet polls a real one, which that shell knows nothing of."""
    scene.work(at=NOON)
    lookout = _lookout(scene, watched=["helpdesk"])
    assert lookout.look(NOON).polled == {"helpdesk": None}
    real = an_arrival(source="rt:http://127.0.0.1", at=NOON)
    scene.ledger.ingest([real], cursor=Cursor(source=real.source, position="1", polled_at=NOON))
    assert lookout.look(NOON).polled == {}


@pytest.mark.parametrize("source", ["file:fixtures/inbox/bank.jsonl", "file:/inbox/t.jsonl", None])
def test_what_is_watched_is_called_as_intake_calls_it(source: str | None) -> None:
    config = replace(CONFIG, environment=replace(CONFIG.environment, source=source))
    assert watched(config) == ("helpdesk", *filter(None, [source]))[:: -1 if source else 1]


def test_only_who_judges_looks_at_corrections_and_not_at_every_look(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever else looks takes what was told last for what holds."""
    looks: list[float] = []

    def judge(_engine: object, now: float, _rule: object) -> tuple[()]:
        looks.append(now)
        return ()

    monkeypatch.setattr("worker.alerts.lookout.judge", judge)
    assert AlertKind.ACCURACY in _lookout(scene).look(NOON).unseen
    assert looks == []
    judging = _lookout(scene, judges=True)
    for seconds in (0, 10, 299, 300, 310, 0):  # the last one by a clock that was set back
        assert AlertKind.ACCURACY not in judging.look(NOON + seconds).unseen
    assert looks == [NOON, NOON + 300, NOON]
