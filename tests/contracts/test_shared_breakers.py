"""One place for the breakers of all processes: Redis, and its twin in memory."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from tests.contracts.tellings import MINE, NEW, YOURS, knows, opened
from tests.twins.clock import StillClock
from tests.twins.shared_breakers import MemoryShared
from worker.clock import SystemClock
from worker.guards.redis_shared import RedisShared, connect
from worker.guards.shared import Heard, Lease, Record, Shared, Told


@dataclass(kw_only=True)
class Place:
    """Where breakers are shared, and how time passes there."""

    shared: Shared
    flush: Callable[[], object]
    passes: Callable[[float], object]

    def tell(self, told: Told) -> Heard:
        """One breaker alone."""
        [heard] = self.shared.sync([told])
        return heard

    def open(self, due_in: float = 0.0) -> Heard:
        """The breaker x, open and due so soon."""
        known = self.tell(NEW)
        return self.tell(opened(known, due_in))


@pytest.fixture(params=["memory", "redis"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    if request.param == "memory":
        clock = StillClock()
        memory = MemoryShared(clock=clock)

        def passes(seconds: float) -> None:
            clock.at += seconds

        yield Place(shared=memory, flush=memory.flush, passes=passes)
        return
    # On a machine that stands still for a moment Redis must not be taken to be away.
    monkeypatch.setattr("worker.guards.redis_shared.ANSWER_SECONDS", 30.0)
    client = connect(request.getfixturevalue("redis").url)
    client.flushall()
    yield Place(shared=RedisShared(client, SystemClock()), flush=client.flushall, passes=time.sleep)
    assert [key for key in client.scan_iter() if client.ttl(key) < 0] == []
    client.close()


def test_the_first_who_tells_of_a_breaker_says_how_it_stands(place: Place) -> None:
    """Its number is the time then, so that no number comes twice when everything is forgotten."""
    first, second = place.tell(NEW), place.tell(NEW)
    assert (first.took, second.took) == (True, False)
    assert first.record.generation == second.record.generation > 10**12
    assert list(place.shared.names()) == ["x"]


def test_a_change_of_who_had_heard_the_newest_state_is_taken(place: Place) -> None:
    """And the same change of another one is not."""
    known = place.tell(NEW)
    mine, yours = place.tell(opened(known, 4.0)), place.tell(opened(known, 3.0))
    assert (mine.took, yours.took) == (True, False)
    assert yours.record.state == "open"
    assert yours.record.due_in == pytest.approx(4.0, abs=0.2)


def test_a_change_of_what_was_long_ago_is_not_taken(place: Place) -> None:
    """However many changes somebody has made alone."""
    known = place.tell(NEW)
    news = place.tell(opened(known))
    alone = opened(known)
    alone = replace(alone, record=replace(alone.record, generation=known.record.generation + 9))
    heard = place.tell(alone)
    assert (heard.took, heard.record.generation) == (False, news.record.generation)


def test_what_was_forgotten_is_put_back_by_who_knows_most(place: Place) -> None:
    """Also after one who knew less."""
    known = place.tell(NEW)
    news = place.tell(opened(known, 4.0))
    place.flush()
    assert place.tell(knows(known)).record.state == "closed"
    again = place.tell(knows(news))
    assert (again.took, again.record.generation) == (True, news.record.generation)
    assert again.record.due_in == pytest.approx(4.0, abs=0.2)


def test_calls_are_added_up_while_they_are_in_the_window(place: Place) -> None:
    known = place.tell(NEW)
    told = replace(knows(known), window=2.0, counts=((0.0, 3, 1), (1.0, 2, 0), (9.0, 5, 5)))
    heard = place.tell(told)
    assert (heard.successes, heard.failures) == (5, 1)
    place.passes(3.0)
    heard = place.tell(replace(told, counts=((0.0, 1, 0),)))
    assert (heard.successes, heard.failures) == (1, 0)


def test_how_the_last_calls_ended_is_kept_in_their_order(place: Place) -> None:
    """As many as are wanted, until somebody closes it."""
    known = place.tell(NEW)
    told = replace(knows(known), most=4, counts=((0.0, 2, 1),), last="..x")
    assert place.tell(told).last == "..x"
    assert place.tell(knows(known)).last == "..x"
    heard = place.tell(replace(told, counts=((0.0, 1, 1),), last="x."))
    assert heard.last == ".xx."
    opening = place.tell(opened(heard))
    assert opening.last == ".xx."
    closing = opening.record.generation + 1
    record = replace(opening.record, generation=closing, state="closed", closed_ago=0.0)
    assert place.tell(replace(knows(opening), record=record)).last == ""


@pytest.mark.parametrize(("counted_in", "calls"), [(0, 4), (-1, 4), (5, 0)])
def test_calls_count_in_the_state_that_they_were_made_in(
    place: Place, counted_in: int, calls: int
) -> None:
    """0: of a process that had heard of nobody; -1 stands for the number that is heard."""
    known = place.tell(NEW)
    told = replace(knows(known), counts=((0.0, 3, 1),))
    heard = place.tell(told if counted_in < 0 else replace(told, counted_in=counted_in))
    assert heard.successes + heard.failures == calls


def test_the_calls_that_open_it_are_shown_and_those_after_it_do_not_count(place: Place) -> None:
    known = place.tell(NEW)
    heard = place.tell(replace(opened(known), counts=((0.0, 0, 10),)))
    assert heard.failures == 10
    late = replace(knows(heard), counted_in=known.record.generation, counts=((0.0, 0, 3),))
    assert place.tell(late).failures == 10


def test_calls_that_open_it_at_first_sight_are_shown_too(place: Place) -> None:
    """A process may open it before it has told anybody of it."""
    alone = Record(generation=1, state="open", interval=5.0)
    heard = place.tell(replace(NEW, record=alone, counts=((0.0, 0, 10),)))
    assert (heard.record.state, heard.failures) == ("open", 10)


def test_who_closes_it_empties_the_window(place: Place) -> None:
    """And what it has counted since then is in the new one."""
    known = place.tell(NEW)
    heard = place.tell(replace(opened(known), counts=((0.0, 0, 10),)))
    closing = heard.record.generation + 1
    record = replace(heard.record, generation=closing, state="closed", closed_ago=0.0)
    told = replace(knows(heard), record=record, counted_in=closing, counts=((0.0, 2, 1),))
    heard = place.tell(told)
    assert (heard.took, heard.successes, heard.failures) == (True, 2, 1)
    assert heard.record.closed_ago == pytest.approx(0.0, abs=0.2)


# ── Leases ───────────────────────────────────────────────────────────────────────────────────────


def test_one_has_the_lease_until_it_runs_out(place: Place) -> None:
    generation = place.open().record.generation
    assert place.shared.lease("x", generation, MINE) is None
    wait = place.shared.lease("x", generation, YOURS)
    assert wait is not None
    assert 0 < wait <= 0.3
    assert 0 < place.tell(NEW).probe_in <= 0.3
    place.passes(0.35)
    assert place.shared.lease("x", generation, YOURS) is None


def test_nobody_has_it_before_it_is_due(place: Place) -> None:
    wait = place.shared.lease("x", place.open(4.0).record.generation, MINE)
    assert wait == pytest.approx(4.0, abs=0.2)


def test_nobody_has_it_who_has_not_heard_the_news(place: Place) -> None:
    """Somebody else's probe may just have failed."""
    known = place.tell(NEW)
    assert place.shared.lease("x", known.record.generation, MINE) == pytest.approx(-1, abs=1)
    place.tell(opened(known))
    wait = place.shared.lease("x", known.record.generation, MINE)
    assert wait is not None
    assert wait < 0


@pytest.mark.parametrize("rest", [0.0, 0.25])
def test_who_gives_it_back_says_when_it_is_due(place: Place, rest: float) -> None:
    heard = place.open()
    generation = heard.record.generation
    place.shared.lease("x", generation, MINE)
    place.tell(replace(knows(heard), back=Lease(token="another's", seconds=0.0)))
    assert place.tell(knows(heard)).probe_in > 0
    after = place.tell(replace(knows(heard), back=Lease(token="mine", seconds=rest)))
    assert after.probe_in == 0.0
    assert after.record.due_in == pytest.approx(rest, abs=0.1)
    place.passes(rest + 0.01)
    assert place.shared.lease("x", generation, YOURS) is None


def test_a_change_ends_the_lease(place: Place) -> None:
    heard = place.open()
    place.shared.lease("x", heard.record.generation, MINE)
    longer = replace(heard.record, generation=heard.record.generation + 1, due_in=10.0)
    assert place.tell(replace(knows(heard), record=longer)).probe_in == 0.0


def test_a_lease_lasts_as_long_as_who_has_it_says(place: Place) -> None:
    """A probe leaves later than it was let; nobody else makes it last."""
    heard = place.open()
    generation = heard.record.generation
    place.shared.lease("x", generation, MINE)
    assert place.tell(replace(knows(heard), probe=replace(YOURS, seconds=9.0))).probe_in <= 0.3
    assert place.tell(replace(knows(heard), probe=replace(MINE, seconds=9.0))).probe_in > 8
    wait = place.shared.lease("x", generation, YOURS)
    assert wait == pytest.approx(9.0, abs=0.5)


def test_a_lease_that_was_forgotten_is_put_back(place: Place) -> None:
    heard = place.open()
    place.shared.lease("x", heard.record.generation, MINE)
    place.flush()
    assert place.tell(replace(knows(heard), probe=MINE)).probe_in > 0
    wait = place.shared.lease("x", heard.record.generation, YOURS)
    assert wait is not None
