"""Guards of keys, what operators hold open, and what is written down of all breakers."""

import asyncio
import json

import pytest

from tasks.errors import BreakerOpen, CredentialRefused, QuotaGone, UnknownModel
from tasks.ports.guards import Ended
from tests.twins.breakers import opened, processes, sync
from worker.ledgers.tripping import Trip

KEY = "credential:OPENAI_API_KEY"


@pytest.mark.parametrize(
    ("name", "kind"),
    [(KEY, CredentialRefused), (KEY, QuotaGone), ("model:openai/gpt-9", UnknownModel)],
)
def test_one_refusal_of_a_key_shuts_it_for_all(
    name: str, kind: type[CredentialRefused | QuotaGone | UnknownModel]
) -> None:
    """Everybody is told what the first one was told, with the key's name, and nobody asks."""
    fleet = processes(2)
    refused = kind("no", credential="OPENAI_API_KEY")
    for one in fleet:
        asyncio.run(one.call(name=name))
    sync(fleet)
    assert asyncio.run(fleet[0].call(Ended.FAILURE, name, refused)) is None
    sync(fleet)
    for one in fleet:
        held = asyncio.run(one.call(name=name))
        assert type(held) is kind
        assert held.credential == "OPENAI_API_KEY"


def test_a_key_is_tried_again_at_constant_intervals_and_one_success_is_enough() -> None:
    fleet = processes(2)
    refused = CredentialRefused("no", credential="OPENAI_API_KEY")
    for one in fleet:
        asyncio.run(one.call(name=KEY))
    sync(fleet)
    asyncio.run(fleet[0].call(Ended.FAILURE, KEY, refused))
    sync(fleet)
    for n in range(3):
        fleet[0].clock.at += 19.9
        assert isinstance(asyncio.run(fleet[1].call(name=KEY)), CredentialRefused)
        fleet[0].clock.at += 0.2
        ended = Ended.SUCCESS if n == 2 else Ended.FAILURE
        leave = asyncio.run(fleet[1].probe(KEY))
        assert isinstance(asyncio.run(fleet[0].call(name=KEY)), CredentialRefused)
        fleet[1].breakers.report(leave, ended, None if n == 2 else refused)
        sync(fleet)
    assert [one.state(KEY) for one in fleet] == ["closed", "closed"]


# ── Operators, and what is written down ──────────────────────────────────────────────────────────


def test_what_is_tripped_lets_nothing_through_until_it_is_lifted() -> None:
    [one] = processes()
    one.book.tripped.append(Trip(name="x", since=1.0, by="ada", why="their bill is wrong"))
    one.scribe.look()
    held = asyncio.run(one.call())
    assert isinstance(held, BreakerOpen)
    assert "ada: their bill is wrong" in str(held)
    standing = one.breakers.standing("x")
    assert (standing.state, standing.by, standing.why) == ("tripped", "ada", "their bill is wrong")
    one.book.tripped.clear()
    one.scribe.look()
    assert asyncio.run(one.call()) is None


def test_a_change_is_noticed_once_by_whoever_made_it() -> None:
    fleet = opened(3)
    fleet[0].clock.at += 5
    fleet[1].breakers.report(asyncio.run(fleet[1].probe()), Ended.SUCCESS)
    sync(fleet)
    for one in fleet:
        one.scribe.look()
    kept = sorted(fleet[0].book.kept.values(), key=lambda one: one.at)
    assert [(one.kind, one.subject) for one in kept] == [
        ("breaker.opened", "x"),
        ("breaker.closed", "x"),
    ]
    assert json.loads(kept[1].body)["open_seconds"] == 5.0


def test_those_who_open_it_each_alone_notice_it_once() -> None:
    fleet = processes(3)
    for one in fleet:
        asyncio.run(one.call(Ended.NEUTRAL))
    sync(fleet)
    fleet[0].shared.is_away = True
    sync(fleet)
    for one in fleet:
        asyncio.run(one.fail(10))
    sync(fleet)
    fleet[0].shared.is_away = False
    sync(fleet)
    for one in fleet:
        one.scribe.look()
    assert [one.kind for one in fleet[0].book.kept.values()] == ["breaker.opened"]


def test_notices_wait_for_a_ledger_that_is_away() -> None:
    [one] = opened()
    one.book.is_down = True
    one.breakers.sync()
    with pytest.raises(Exception, match="as the test wants it"):
        one.scribe.look()
    one.book.is_down = False
    one.scribe.look()
    assert [notice.kind for notice in one.book.kept.values()] == ["breaker.opened"]
