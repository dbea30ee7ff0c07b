"""Facts from files: read again when they change, and nothing personal in what is said of them."""

import asyncio
import json
import os
from pathlib import Path

import pytest

from tasks.errors import FactsDown
from tasks.ticket import Requester
from tests.twins.clock import StillClock
from tests.twins.facts import files_alone
from worker.facts.sources import FactSources

ADA = Requester(email="ada@example.com")
ACCOUNT = {"customer_id": "C-1", "plan": "Metal", "tier": "plus"}
INCIDENT = {
    "id": "I-1",
    "title": "Transfers are slow",
    "issue_types": ["transfer"],
    "opened_at": "2025-12-01T09:00:00",
}
FILES = {
    "accounts.json": {"ada@example.com": ACCOUNT},
    "billing_events.json": {},
    "incidents.json": [INCIDENT],
    "interactions.json": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        _put(tmp_path / name, content)
    return tmp_path


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def facts(folder: Path, clock: StillClock) -> FactSources:
    return files_alone(folder, clock)


def _put(path: Path, content: object) -> None:
    """The file with this in it, changed at another moment than before."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    os.utime(path, ns=(before, before + 1_000_000_000))


def _plan(facts: FactSources) -> str | None:
    account = asyncio.run(facts.account(ADA)).fact
    return account.plan if account else None


def _trouble(facts: FactSources) -> str:
    with pytest.raises(FactsDown) as raised:
        asyncio.run(facts.account(ADA))
    assert raised.value.__cause__ is raised.value.__context__ is None
    return str(raised.value)


def test_a_file_that_changed_is_read_again_within_a_second(
    facts: FactSources, folder: Path, clock: StillClock
) -> None:
    """And not looked at more often than that."""
    assert _plan(facts) == "Metal"
    _put(folder / "accounts.json", {"ada@example.com": ACCOUNT | {"plan": "Free"}})
    clock.at += 0.9
    assert _plan(facts) == "Metal"
    clock.at += 0.2
    assert _plan(facts) == "Free"


def test_a_file_that_did_not_change_is_not_read_again(
    facts: FactSources, folder: Path, clock: StillClock
) -> None:
    """A changed content with the same stamp shows that nobody looked inside."""
    assert _plan(facts) == "Metal"
    path = folder / "accounts.json"
    found = path.stat()
    path.write_text(path.read_text().replace("Metal", "Other"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    clock.at += 10
    assert _plan(facts) == "Metal"


def test_a_file_that_is_mended_answers_again(
    facts: FactSources, folder: Path, clock: StillClock
) -> None:
    """Nobody has to start the worker anew."""
    _put(folder / "accounts.json", "{")
    assert "accounts.json is malformed" in _trouble(facts)
    _put(folder / "accounts.json", FILES["accounts.json"])
    clock.at += 1
    assert _plan(facts) == "Metal"


def test_a_file_that_goes_and_comes_back_answers_again(
    facts: FactSources, folder: Path, clock: StillClock
) -> None:
    """With the very stamp that it had."""
    assert _plan(facts) == "Metal"
    (folder / "accounts.json").rename(folder / "aside")
    clock.at += 1
    assert _trouble(facts) == "accounts.json cannot be read: No such file or directory"
    (folder / "aside").rename(folder / "accounts.json")
    clock.at += 1
    assert _plan(facts) == "Metal"


def test_a_missing_folder_is_no_facts(tmp_path: Path, clock: StillClock) -> None:
    """It is not the same as a customer of whom nothing is known."""
    assert "accounts.json cannot be read" in _trouble(files_alone(tmp_path / "missing", clock))


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ("{", "Invalid JSON"),
        ("[]", "Input should be an object"),
        (b"\xff".decode("latin-1"), "Invalid JSON"),
        ({"bob@example.com": ACCOUNT, "ada@example.com": {}}, "entry 2, customer_id"),
        ({"ada@example.com": ACCOUNT | {"tier": "secret"}}, "entry 1, tier"),
        ({"ada@example.com": ACCOUNT | {"since": "secret"}}, "entry 1, since"),
        ({"ada@example.com": "secret"}, "entry 1"),
    ],
)
def test_a_malformed_file_is_told_without_a_word_of_what_is_in_it(
    facts: FactSources, folder: Path, accounts: object, said: str
) -> None:
    """The file, the entry's number, the field, and what is wrong; no address, no value."""
    _put(folder / "accounts.json", accounts)
    trouble = _trouble(facts)
    assert trouble.startswith("accounts.json is malformed: ")
    assert said in trouble
    assert "secret" not in trouble
    assert "example.com" not in trouble


def test_money_that_is_negative_is_refused(facts: FactSources, folder: Path) -> None:
    """A refund is a kind of event; with a sign besides, nobody knows who paid whom."""
    fee = {"id": "B-1", "at": "2025-12-01", "kind": "fee", "currency": "EUR", "status": "settled"}
    lists = {"C-2": [], "C-1": [fee | {"at": "2025-12-01T09:00:00Z", "amount": "-3.20"}]}
    _put(folder / "billing_events.json", lists)
    with pytest.raises(FactsDown, match=r"^billing_events\.json is malformed: entry 2, amount, is"):
        asyncio.run(facts.billing(ADA))


def test_an_incident_of_everybody_is_known_without_accounts(
    facts: FactSources, folder: Path
) -> None:
    """Whoever the requester is, it touches them."""
    (folder / "accounts.json").unlink()
    [incident] = asyncio.run(facts.incidents(ADA)).fact
    assert incident.id == "I-1"


def test_incidents_of_certain_customers_need_accounts(facts: FactSources, folder: Path) -> None:
    """Else one that touches this customer would be missing without anybody knowing."""
    (folder / "accounts.json").unlink()
    _put(folder / "incidents.json", [INCIDENT | {"customers": ["C-1"]}])
    with pytest.raises(FactsDown, match=r"accounts\.json"):
        asyncio.run(facts.incidents(ADA))


def test_a_moment_without_a_zone_is_utc(facts: FactSources) -> None:
    """It can be compared with a ticket's."""
    [incident] = asyncio.run(facts.incidents(ADA)).fact
    assert incident.opened_at.isoformat() == "2025-12-01T09:00:00+00:00"


def test_many_who_ask_at_once_have_the_file_looked_at_once(
    facts: FactSources, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker has 64 tickets in flight when it starts."""
    looks: list[Path] = []
    look = Path.stat

    def counted(path: Path) -> os.stat_result:
        looks.append(path)
        return look(path)

    monkeypatch.setattr(Path, "stat", counted)

    async def crowd() -> None:
        await asyncio.gather(*(facts.account(ADA) for _ in range(64)))

    asyncio.run(crowd())
    assert looks == [folder / "accounts.json"]
