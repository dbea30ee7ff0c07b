"""The Fleet page, in a real Flower, over a real ledger and a real Redis, in a real browser."""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from config.environment import Environment
from tests.acceptance.flower import (
    HOSTILE,
    Pages,
    at_work,
    without_a_ledger,
    without_a_run,
    without_workers,
)
from tests.acceptance.patience import until
from tests.browser import DESKTOP, PHONE, Browser
from tests.browser import browser as a_browser
from tests.twins.clock import NOON
from worker.broker import server
from worker.ledgers.alerting import Kept
from worker.ledgers.noticing import Notice
from worker.ledgers.switching import GuardOff
from worker.ledgers.tripping import Trip
from worker.pages.password import password

pytestmark = pytest.mark.timeout(120)

browser = a_browser

PAGES = ("/", "/fleet", "/fleet.json", "/fleet/static/fleet.js", "/workers", "/metrics")
NEVER_DO = (
    "/api/task/apply/tasks.enrich",
    "/api/task/async-apply/tasks.enrich",
    "/api/task/send-task/tasks.enrich",
    "/api/worker/shutdown/anybody",
    "/api/worker/queue/cancel-consumer/anybody?queue=economy",
)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    with at_work(tmp_path_factory.mktemp("pages")) as found:
        yield found


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_without_the_password(pages: Pages, path: str) -> None:
    for secret in (None, "wrong"):
        answer = pages.ask(path, secret)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic")
        assert b"ingested" not in answer.body


@pytest.mark.parametrize("path", PAGES)
def test_with_the_password_everything_is(pages: Pages, path: str) -> None:
    assert pages.ask(path, pages.secret).status == 200


def test_the_front_door_opens_on_the_fleet(pages: Pages) -> None:
    assert b"Triage Fleet" in pages.ask("/", pages.secret).body


def test_the_password_was_made_once_and_lies_where_its_owner_alone_reads(pages: Pages) -> None:
    kept = pages.home.root / "flower.password"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert pages.secret == kept.read_text().strip()


def test_the_health_check_needs_no_password(pages: Pages) -> None:
    assert pages.ask("/healthcheck").status == 200


@pytest.mark.parametrize("path", NEVER_DO)
def test_nobody_can_do_anything_from_here(pages: Pages, path: str) -> None:
    before = pages.stock()
    assert pages.ask(path, pages.secret, post=True).status == 403
    assert pages.stock() == before


@pytest.mark.parametrize("path", ["/fleet", "/fleet.json", "/fleet/static/fleet.css"])
def test_the_browser_is_told_to_trust_nothing_from_elsewhere(pages: Pages, path: str) -> None:
    headers = pages.ask(path, pages.secret).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in headers


@pytest.mark.parametrize("name", ["opening.py", "fleet.html", "..%2fapp.py", "fleet.css/", ""])
def test_no_other_file_is_served(pages: Pages, name: str) -> None:
    assert pages.ask(f"/fleet/static/{name}", pages.secret).status == 404


def test_the_numbers_are_those_of_the_books(pages: Pages) -> None:
    until(pages.agree)
    pages.scene.arrive(2, at=time.time())
    until(pages.agree)


def test_however_many_look_there_is_one_snapshot_in_a_while(pages: Pages) -> None:
    taken = [pages.numbers()["taken_at"] for _ in range(30)]
    assert len(set(taken)) < 15


def test_the_browser_shows_what_the_books_say_also_when_that_changes(
    pages: Pages, browser: Browser
) -> None:
    browser.resize(DESKTOP)
    browser.open(pages.url)
    until(lambda: _shows(browser, pages))
    pages.scene.arrive(3, at=time.time(), tier="premium")
    pages.scene.arrive(1, at=time.time(), malformed=("not_json", "line 9"))
    until(lambda: _shows(browser, pages))
    assert browser.complaints() == []


def _shows(browser: Browser, pages: Pages) -> bool:
    stock = pages.stock()
    names = ("ingested", "queued", "running", "waiting", "in_review", "written", "dead", "dropped")
    read = {name: browser.text(f'[data-text="{name}"]').replace(",", "") for name in names}
    waiting = dict(zip(_cells(browser, "queues", 1), _cells(browser, "queues", 2), strict=True))
    depths = {name: str(depth) for name, depth in stock["broker"].items()}
    return read == {name: str(stock[name]) for name in names} and waiting == depths


def _cells(browser: Browser, table: str, column: int) -> list[str]:
    row = f'table[data-rows="{table}"] tbody tr:not(.note)'
    return browser.texts(f"{row} > :nth-child({column})")


def test_what_waits_says_why_and_the_dead_say_how_to_call_them_back(
    pages: Pages, browser: Browser
) -> None:
    browser.resize(DESKTOP)
    browser.open(pages.url)
    assert _cells(browser, "waiting", 1) == ["rate"]
    assert "not_json at intake" in _cells(browser, "dead", 1)
    commands = browser.texts('table[data-rows="dead"] .note')
    assert "triage dead requeue --cause not_json --yes" in commands


def test_what_a_stranger_wrote_stays_text(pages: Pages, browser: Browser) -> None:
    """Both as the server writes it, and as the script does."""
    hostile = f"{HOSTILE} at classify"
    browser.open(pages.url)
    assert hostile in _cells(browser, "dead", 1)
    pages.scene.arrive(1, at=time.time(), malformed=("empty_text", "line 1"))
    until(lambda: "empty_text at intake" in _cells(browser, "dead", 1))
    assert hostile in _cells(browser, "dead", 1)
    assert browser.texts("table img") == []
    assert browser.complaints() == []


def test_on_a_phone_nothing_has_to_be_pushed_sideways(pages: Pages, browser: Browser) -> None:
    browser.resize(PHONE)
    browser.open(pages.url)
    assert browser.overflow() == 0
    with without_a_run(pages.scene.ledger):
        until(lambda: browser.text("h1") == "Not balanced")
        assert browser.overflow() == 0


def test_books_that_differ_are_the_first_thing_that_one_sees(
    pages: Pages, browser: Browser
) -> None:
    browser.resize(PHONE)
    browser.open(pages.url)
    until(lambda: browser.text("h1").startswith("Balanced"))  # a picture is up to 2 s old
    with without_a_run(pages.scene.ledger):
        until(lambda: browser.text("h1") == "Not balanced")
        assert "Books differ" in browser.text("#alerts")
        assert browser.driver.title.startswith("Not balanced")
    until(lambda: browser.text("h1").startswith("Balanced"))


def test_without_a_worker_the_page_says_so(pages: Pages, browser: Browser) -> None:
    browser.open(pages.url)
    with without_workers(pages.scene.ledger):
        until(lambda: "No worker" in browser.text("#alerts"))
        assert browser.text('[data-empty="workers"]') == "No worker is alive."
    until(lambda: "No worker" not in browser.text("#alerts"))


def test_a_guard_that_is_off_is_shown_with_who_and_why_and_as_an_alert(
    pages: Pages, browser: Browser
) -> None:
    browser.resize(PHONE)
    browser.open(pages.url)
    assert browser.text('[data-empty="guards"]') == "Every guard is on."
    now, why = time.time(), "<b>it is in the way</b>"
    guard = GuardOff(name="money", until=now + 3_600, since=now, by="ada", why=why)
    pages.scene.ledger.switch_off(guard)
    try:
        until(lambda: _cells(browser, "guards", 1) == ["money"])
        assert _cells(browser, "guards", 2) == ["ada"]
        assert browser.texts('table[data-rows="guards"] .note') == [why]
        assert "Guard off" in browser.text("#alerts")
        assert why in browser.text("#alerts")
        assert browser.overflow() == 0
        [alert] = [one for one in pages.numbers()["alerts"] if one["kind"] == "guard off"]
        assert (alert["name"], alert["runbook"]) == (
            "guard:money",
            "docs/runbook.md#guard-off",
        )
        [off] = pages.numbers()["guards_off"]
        assert (off["guard"], off["why"]) == ("money", why)
    finally:
        pages.scene.ledger.switch_on("money", by="ada", at=now)
    until(lambda: _cells(browser, "guards", 1) == [])
    until(lambda: "Guard off" not in browser.text("#alerts"))
    assert browser.complaints() == []


def test_breakers_and_caps_are_shown_and_who_is_held_before_the_others(
    pages: Pages, browser: Browser
) -> None:
    browser.resize(PHONE)
    browser.open(pages.url)
    assert _cells(browser, "caps", 1) == ["fleet", "economy", "standard", "premium"]
    now, why = time.time(), "<b>they move</b>"
    trip = Trip(name="openai", since=now, by="ada", why=why)
    told = Notice(id="trip", at=now, kind="breaker.tripped", subject="openai", body="{}")
    pages.scene.ledger.trip(trip, told)
    try:
        until(lambda: _cells(browser, "breakers", 1)[:1] == ["openai"])
        assert _cells(browser, "breakers", 2)[0] == "tripped"
        assert browser.texts('table[data-rows="breakers"] .note')[0] == f"by ada: {why}"
        assert browser.overflow() == 0
        [one, *_] = pages.numbers()["breakers"]
        assert (one["breaker"], one["state"], one["by"]) == ("openai", "tripped", "ada")
    finally:
        pages.scene.ledger.untrip("openai", replace(told, id="reset", kind="breaker.reset"))
    until(lambda: "tripped" not in browser.text('section[aria-labelledby="breakers"]'))
    assert browser.complaints() == []


def test_since_when_an_alert_holds_is_shown(pages: Pages, browser: Browser) -> None:
    """As the worker that tells it has kept it."""
    browser.open(pages.url)
    kept = Kept(name="workers", kind="no worker", text="x", since=NOON, told_at=NOON)
    pages.scene.ledger.keep_alert(None, kept, {}, NOON)
    with without_workers(pages.scene.ledger):
        until(lambda: "since 01 Jan 12:00 UTC" in browser.text("#alerts"))


def test_without_the_ledger_the_last_numbers_stay_with_their_age(
    pages: Pages, browser: Browser
) -> None:
    until(pages.agree)
    before = pages.numbers()
    browser.open(pages.url)
    with without_a_ledger(pages.scene.ledger):
        until(lambda: browser.text("h1") == "Out of date")
        assert "Ledger down" in browser.text("#alerts")
        found = pages.numbers()
        assert found["ingested"] == before["ingested"]
        assert found["trouble"].startswith("ledger down")
        assert pages.numbers()["age_seconds"] > found["age_seconds"]
    until(lambda: browser.text("h1").startswith("Balanced"))


def test_without_the_broker_the_books_go_on(pages: Pages, browser: Browser) -> None:
    browser.open(pages.url)
    pages.redis.stop()
    try:
        until(lambda: "Broker down" in browser.text("#alerts"))
        assert _cells(browser, "queues", 2) == ["?"] * 5
        assert pages.numbers()["broker"] is None
        pages.scene.arrive(2, at=time.time())
        until(lambda: pages.numbers()["ingested"] == pages.scene.ledger.books().ingested)
    finally:
        pages.redis = server.start(pages.home.redis)
    until(pages.agree)


def test_it_reads_well_without_javascript(pages: Pages, browser: Browser) -> None:
    until(pages.agree)
    browser.without_script(off=True)
    try:
        browser.open(pages.url)
        ingested = browser.text('[data-text="ingested"]').replace(",", "")
        assert ingested == str(pages.stock()["ingested"])
    finally:
        browser.without_script(off=False)
    assert b'<noscript><meta http-equiv="refresh"' in pages.ask("/fleet", pages.secret).body


def test_who_starts_the_fleet_may_ask_for_the_password(pages: Pages) -> None:
    environment = Environment.read({"TRIAGE_HOME": str(pages.home.root)})
    assert password(environment, pages.home) == (pages.secret, False)
