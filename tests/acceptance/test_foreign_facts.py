"""Two tables and a service of somebody else's, connected by config alone; then each fails."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.run import State
from tests.acceptance.firm import CUSTOMERS, Firm, a_firm, a_question
from tests.acceptance.fleet import an_inbox
from tests.acceptance.patience import until
from tests.stubs.facts_service import VARIABLE as SHOP
from worker.clock import SystemClock
from worker.guards.redis_shared import RedisShared, connect
from worker.simulator.answer import Answer, answering
from worker.upstreams import guards_asked

pytestmark = pytest.mark.timeout(150)


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    """Nobody has started a fleet."""
    with a_firm(tmp_path) as firm:
        yield firm


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """A fleet runs, and goes on from scene to scene."""
    with a_firm(tmp_path_factory.mktemp("running")) as firm:
        front = firm.place.start("up")
        until(lambda: front.says("ready\n"), 60)
        yield firm
        assert front.end().code == 0


def test_foreign_tables_and_a_foreign_service_are_connected_by_config_alone(firm: Firm) -> None:
    """Each customer's facts reach the ledger, the model, and the tier that they lead to."""
    firm.service.outages = [
        {"no": "I-1", "text": "Rates lag", "parts": ["fx"], "began": "2026-11-17T08:00:00Z"},
        {"no": "I-2", "text": "Not yours", "began": "2026-11-17T08:00:00Z", "people": ["C-99"]},
    ]
    checked = firm.place.ask("check", "--json").json()["findings"]
    found = {one["what"]: one["level"] for one in checked if one["what"].startswith("facts")}
    assert found == {"facts crm": "ok", "facts shop": "ok"}
    lines = [a_question(f"T-{one}", one) for one in (*CUSTOMERS, "stranger")]
    inbox = an_inbox(firm.place.folder / "inbox.jsonl", lines)
    report = firm.place.triage("run", f"file:{inbox}", "--json").json()
    assert (report["ingested"], report["written"]) == (4, 4)
    assert report["tiers"] == {"standard": 2, "premium": 2}
    gold = firm.seen("T-gold")
    assert gold.facts["account"] == {"customer_id": "C-0", "plan": "Metal", "tier": "business"}
    assert [one["id"] for one in gold.facts["billing"]] == [f"P-C-0-{day}" for day in range(10)]
    assert gold.facts["billing"][0] == {
        "id": "P-C-0-0",
        "at": "2026-11-16T09:00:00Z",
        "kind": "payment_failed",
        "amount": "19.99",
        "currency": "EUR",
        "status": "open",
    }
    assert [one["id"] for one in gold.facts["incidents"]] == ["I-1"]
    assert [one["id"] for one in gold.facts["interactions"]] == ["K-5", "K-4", "K-3"]
    assert gold.facts["as_of"].keys() == {"account"}
    assert gold.told.keys() == {"account", "billing", "incidents", "interactions"}
    assert gold.told["account"]["tier"] == "business"
    assert firm.seen("T-silver").facts["account"]["tier"] == "plus"
    stranger = firm.seen("T-stranger")
    assert "account" not in stranger.facts
    assert stranger.gaps == {}
    names = {one["breaker"] for one in firm.place.ask("breaker", "list", "--json").json()}
    assert {"facts:crm", "facts:shop", f"credential:{SHOP}"} <= names


def test_its_guards_are_known_before_the_first_ticket(running: Firm) -> None:
    """All of them are told of on and on, so that no ticket waits to hear how they stand."""
    shared = RedisShared(connect(running.place.shop.broker_url), SystemClock())
    asked = set(guards_asked(running.place.shop.config))
    until(lambda: set(shared.names()) == asked)
    assert [one.state for one in running.triaged(*CUSTOMERS)] == [State.WRITTEN] * 3
    assert set(shared.names()) == asked
    shared.close()


# ── Killed, slow, stale, lying ───────────────────────────────────────────────────────────────────

Broken = Callable[[Firm], AbstractContextManager[None]]


def _does(done: str, undone: str) -> Broken:
    """That statement, and then what mends it."""

    @contextmanager
    def broken(firm: Firm) -> Iterator[None]:
        firm.database.do(done)
        try:
            yield
        finally:
            firm.database.do(undone)

    return broken


@contextmanager
def _held(firm: Firm) -> Iterator[None]:
    """By somebody who does not come to an end, as a migration of theirs would be."""
    with firm.database.held():
        yield


def _answers(answer: Answer) -> Broken:
    @contextmanager
    def broken(firm: Firm) -> Iterator[None]:
        firm.service.faults |= {"outages": answer, "calls": answer}
        try:
            yield
        finally:
            firm.service.faults.clear()

    return broken


CRM = {"account": "crm, account", "billing": "crm, "}
SHOP_GAPS = {"incidents": "shop, incidents", "interactions": "shop, interactions"}
MONEY = {"billing": "crm, billing, row 1: amount ('cents' there) is no number"}

SCENES: dict[str, tuple[Broken, dict[str, str]]] = {
    "a database without its tables": (
        _does("ALTER TABLE customers RENAME TO gone", "ALTER TABLE gone RENAME TO customers"),
        CRM,
    ),
    "a database that is held": (_held, CRM),
    "a database with other values": (
        _does(
            "UPDATE customers SET product = segment, segment = 'platinum'",
            "UPDATE customers SET segment = product, product = 'Metal'",
        ),
        CRM,
    ),
    "a database with texts for money": (
        _does("UPDATE payments SET cents = 'NaN'", "UPDATE payments SET cents = -1999"),
        MONEY,
    ),
    "a service that is gone": (_answers(Answer(end="reset")), SHOP_GAPS),
    "a service that hangs": (_answers(Answer(end="hang")), SHOP_GAPS),
    "a service that takes its time": (_answers(Answer(latency_seconds=20)), SHOP_GAPS),
    "a service that shows a page": (_answers(Answer(body=b"<html></html>")), SHOP_GAPS),
    "a service of another version": (_answers(answering({"v": 3})), SHOP_GAPS),
    "a service that never ends": (_answers(Answer(body=b" " * 5_000_000)), SHOP_GAPS),
    "a service that refuses its key": (_answers(answering({}, status=401)), SHOP_GAPS),
}


@pytest.mark.parametrize("scene", SCENES)
def test_triage_goes_on_without_a_source_that_fails(running: Firm, scene: str) -> None:
    """What is missing is said to the model and to whoever looks; then it is there again."""
    broken, missing = SCENES[scene]
    with broken(running):
        for seen in running.triaged(*CUSTOMERS):
            assert seen.state == State.WRITTEN
            assert seen.gaps.keys() == missing.keys() == seen.told["unavailable"].keys()
            assert not missing.keys() & seen.told.keys()
            assert "example.com" not in str(seen.gaps)
            assert {"account", "billing", "interactions"} - missing.keys() <= seen.told.keys()
            reasons = [seen.gaps[kind].startswith(said) for kind, said in missing.items()]
            # A key that was refused is held back by its guard, for those who come after.
            assert all(reasons) or SHOP in str(seen.gaps), seen.gaps
    until(lambda: not running.triaged("gold")[0].gaps)


def test_validation_is_stricter_without_facts(running: Firm) -> None:
    """What may be one step aside with them is refused without: nobody knows the customer."""
    running.provider.aside = -1
    try:
        assert running.triaged("free")[0].state == State.WRITTEN
        with _answers(Answer(end="reset"))(running):
            [seen] = running.triaged("free")
        assert (seen.state, seen.reason) == (State.DEAD, "priority_outside_policy")
    finally:
        running.provider.aside = 0


def test_a_source_that_is_stale_says_so_to_the_model(running: Firm) -> None:
    """A copy that nobody has written anew for three days, say: it counts, and it is in doubt."""
    now = datetime.now(UTC).replace(tzinfo=None)
    written = "UPDATE customers SET seen = :seen WHERE segment = 'free'"
    running.database.do(written, seen=now - timedelta(days=3, hours=1))
    try:
        [stale] = running.triaged("free")
        assert stale.told["stale"] == {"account": "3 days old"}
        assert stale.told["account"]["tier"] == "basic"
        assert "account 3 days old" in stale.rules["priority"]
        assert "stale" not in running.triaged("gold")[0].told
    finally:
        running.database.do(written, seen=now)


def test_what_is_good_for_less_than_a_wait_is_fetched_again_after_it(running: Firm) -> None:
    """The model answers by what is so now: the customer has called while it was told to wait."""
    calls = running.service.calls["silver@example.com"]
    later = {"no": "K-9", "began": "2026-11-09T10:00:00Z", "by": "phone", "gist": "Call 9"}
    running.provider.meanwhile.append(lambda: calls.append(later))
    [seen] = running.triaged("silver")
    assert seen.enriched == 2
    assert [one["id"] for one in seen.told["interactions"]] == ["K-9", "K-5", "K-4"]
    [again] = running.triaged("silver")
    assert again.enriched == 1
