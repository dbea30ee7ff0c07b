"""What `triage status` says of limits and retries, and `triage check` of their names."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import Environment
from config.load import load
from tasks.errors import RateLimited, RetriesSpent
from tasks.ports.guards import Errand
from tests.acceptance.fleet import Place, a_place
from tests.acceptance.throttled import a_post
from worker.broker import server
from worker.broker.client import client
from worker.clock import SystemClock
from worker.gatehouse import within_limits
from worker.guards.limits import Limits
from worker.guards.polls import VISIT
from worker.guards.post import Post
from worker.guards.retry_budget import RetryBudget
from worker.helpdesks.asked import sending

PROMISED = {
    "upstream",
    "requests",
    "requests_per_minute",
    "tokens",
    "tokens_per_minute",
    "waiting",
    "closed_seconds",
}
"""docs/interface.md"""

GUARDS = """
[[limits]]
upstream = "local"
requests_per_minute = 10
tokens_per_minute = 10000
[[limits]]
upstream = "helpdesk:rt"
requests_per_minute = 100
[[limits]]
upstream = "helpdesk:embedded"
requests_per_minute = 10000
[[limits]]
upstream = "facts:files"
requests_per_minute = 5
[[limits]]
upstream = "opneai"
requests_per_minute = 100
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with server.start(tmp_path / "redis") as redis:
        place = a_place(tmp_path, {"TRIAGE_BROKER_URL": redis.url}, guards=GUARDS)
        yield place
        place.clear()


@pytest.fixture
def post(place: Place) -> Iterator[Post]:
    post = a_post(place.environment["TRIAGE_BROKER_URL"])
    yield post
    post.stop()


def test_status_says_which_limits_are_at_their_bound_and_what_retries_are_left(
    place: Place, post: Post
) -> None:
    """A line each, and in the document; nothing where there is nothing to say."""
    place.ask("migrate")
    calm = place.ask("status", "--json").json()
    assert calm["limits"] == []
    assert "retries" not in calm
    guards = load(Environment.read(place.environment)).guards
    limits = Limits(guards.limits, post, me="a", clock=SystemClock())
    budget = RetryBudget(guards.retries, post, me="a")

    async def ask() -> None:
        with contextlib.suppress(RateLimited):
            for number in range(9):
                await limits.take(Errand(upstream="local", tokens=7, whose=f"run{number}"))
        await limits.take(Errand(upstream="helpdesk:rt"))
        await limits.take(Errand(upstream="facts:files", whose="a customer", visit=5))
        retry = Errand(upstream="local", is_retry=True)
        for _ in range(10):
            await budget.take(retry)
        with pytest.raises(RetriesSpent):
            await budget.take(retry)
        limits.told("anthropic", 30.0)

    asyncio.run(ask())
    post.stop()
    said = place.ask("status").out
    assert "limit: local: 1 of 10 requests a minute, 7 of 10000 tokens a minute, 1 wait" in said
    assert "limit: anthropic: left alone for" in said
    assert "limit: facts:files: 5 of 5 requests a minute" in said  # one leave, for all of them
    assert "helpdesk:rt" not in said
    assert "retries: 0 of 10 left in this minute" in said
    told = place.ask("status", "--json").json()
    assert set(told["limits"][0]) == PROMISED
    assert [one["upstream"] for one in told["limits"]] == ["local", "facts:files", "anthropic"]
    assert told["retries"] == {"left": 0, "allowed": 10}


def test_check_warns_of_a_limit_that_nothing_meets(place: Place) -> None:
    """With the names that there are; the fleet starts all the same."""
    findings = {one["what"]: one for one in place.ask("check", "--json").json()["findings"]}
    assert findings["limit local"]["says"] == "10 requests and 10000 tokens a minute"
    assert findings["limit helpdesk:rt"]["level"] == "ok"
    wrong = findings["limit opneai"]
    assert wrong["level"] == "warning"
    assert "facts:files, helpdesk:embedded, helpdesk:roundup, helpdesk:rt, local" in wrong["says"]


def test_what_a_poll_by_the_shell_asks_of_a_helpdesk_counts_for_the_whole_fleet(
    place: Place,
) -> None:
    """A dozen requests with one leave; what is asked elsewhere is nobody's."""
    place.ask("migrate")
    sending()
    with within_limits(place.shop):
        for _ in range(VISIT + 1):
            sending()
    sending()
    redis = client(place.environment["TRIAGE_BROKER_URL"], connect=1, answer=1, text=True)
    found = redis.zrange("triage:limits:helpdesk:embedded:entries", 0, -1)
    assert [int(str(one).rpartition(":")[2]) for one in found] == [VISIT, VISIT]
    redis.close()
