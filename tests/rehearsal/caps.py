"""A day's money that is gone but for one call, 200 times, while workers and Redis die."""

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil

from tasks.accounts import FLEET, day_of
from tasks.events import Event, Kind
from tasks.paying import SETTLING
from tasks.run import State
from tests.acceptance.patience import until
from tests.rehearsal.pace import Pace
from tests.rehearsal.stage import CLOCK, PROCESSES, TIERS, Casting, Stage, ended, played, staged
from worker.guards.redis_shared import connect
from worker.ledgers.accounting import Account
from worker.simulator.log import Record

TRIES = 200
BACKLOG = 400
FLUSH_EVERY = 10
KILL_EVERY = 8


def caps(pace: Pace, *, seed: int) -> dict[str, object]:
    """What was spent against what might be, and the ledger's calls beside the provider's log."""
    with staged(Casting(latency="0.2-0.5"), pace, seed=seed) as stage:
        stage.bring(1)
        stage.settle(60)
        bound = _bound(stage)
        _cap(stage, _fleet(stage).spent)
        stage.bring(BACKLOG)
        until(lambda: stage.states().get("waiting") == BACKLOG and stage.show(), 120)
        tally = Counter[str]()
        for n in range(TRIES):
            _try(stage, bound, n, tally)
        _cap(stage, 10**12)
        stage.settle(300)
        return {
            "tries": TRIES,
            **dict(tally),
            **_bills(stage),
            "played": played(stage.log()),
            **ended(stage),
        }


def _try(stage: Stage, bound: int, n: int, tally: Counter[str]) -> None:
    """Money for one more call; who gets it may die with it, and Redis may forget all."""
    before, asked = _fleet(stage), stage.provider["alpha"].asked
    cap = before.spent + bound
    _cap(stage, cap)
    if n % FLUSH_EVERY == 0:
        client = connect(stage.redis.url)
        client.flushall()
        client.close()
        tally["flushes"] += 1

    def is_over() -> bool:
        now = _fleet(stage)
        if n % KILL_EVERY == 1 and now.reserved and tally["kills"] <= n // KILL_EVERY:
            tally["kills"] += _kill(stage)
        tally["over_the_cap"] += now.spent + now.reserved > cap
        return now.spent > before.spent and not now.reserved

    until(is_over, 90)
    calls = stage.provider["alpha"].asked - asked
    tally[f"tries_with_{calls}_calls"] += 1
    stage.show()


def _kill(stage: Stage) -> bool:
    """Kill -9 of whoever has the money in hand, and another in its place; whether anybody has."""
    for run in stage.place.runs(states=(State.RUNNING,)):
        if not run.reserved or run.owner is None:
            continue
        for number, process in enumerate(stage.processes[:PROCESSES]):
            if f"-{process.pid}-" in run.owner:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                stage.start_worker(number, ",".join(TIERS))
                stage.processes[number] = stage.processes.pop()
                return True
    return False


def _cap(stage: Stage, micro_usd: int) -> None:
    stage.place.shop.ledger.set_cap(FLEET, micro_usd, at=CLOCK.now(), by="rehearsal", why="a try")


def _fleet(stage: Stage) -> Account:
    accounts = stage.place.shop.ledger.accounts(day_of(CLOCK.now()))
    return next(one for one in accounts if one.scope == FLEET)


def _bound(stage: Stage) -> int:
    """What a call may cost at most: every ticket here is as long as every other."""
    events = stage.place.shop.ledger.all_events()
    return max(_number(event, "reserved") for event in events if event.kind is Kind.ASKING)


def _bills(stage: Stage) -> dict[str, object]:
    """What the ledger has charged, call by call, and the provider's log at its price.

    A call whose end nobody heard is charged in full: its tickets are told apart.
    """
    charged, lapsed = Counter[str](), Counter[str]()
    for run in stage.place.runs():
        for event, reserved in _settled(stage.place.shop.ledger.events(run.id)):
            if event.kind in SETTLING:
                charged[run.external_id] += _number(event, "micro_usd")
            else:
                lapsed[run.external_id] += reserved
    billed = Counter[str]()
    for one in stage.log():
        billed[str(one.ticket)] += _price(one)
    whole = [ticket for ticket in charged | billed if ticket not in lapsed]
    return {
        "calls_without_an_end": len(lapsed),
        "tickets_compared": len(whole),
        "charged_micro_usd": sum(charged[ticket] for ticket in whole),
        "billed_micro_usd": sum(billed[ticket] for ticket in whole),
        "differing": [ticket for ticket in whole if charged[ticket] != billed[ticket]],
        "charged_in_all": (charged + lapsed).total(),
        "spent_by_the_accounts": _fleet(stage).spent,
        "billed_in_all": billed.total(),
    }


def _settled(events: Sequence[Event]) -> Iterator[tuple[Event, int]]:
    """What ended each call, and what was set aside for it."""
    reserved = 0
    for event in events:
        if reserved and event.kind is not Kind.CLAIMED:  # a claim leaves it to what comes next
            yield event, reserved
            reserved = 0
        if event.kind is Kind.ASKING:
            reserved = _number(event, "reserved")


def _price(record: Record) -> int:
    """Millionths of a dollar, rounded up, as each call is."""
    fresh = record.input_tokens - record.cached_tokens
    return ceil(fresh * 1.0 + record.cached_tokens * 0.5 + record.output_tokens * 2.0)


def _number(event: Event, name: str) -> int:
    return int(str(event.body[name]))


def is_well(found: dict[str, object]) -> bool:
    """Whether a cap is a cap, and the bill the provider's."""
    return (
        found["over_the_cap"] == 0
        and not found["differing"]
        and found["charged_in_all"] == found["spent_by_the_accounts"]
        and int(str(found["billed_in_all"])) <= int(str(found["charged_in_all"]))
        and found["states"] == {"written": found["tickets"]}
    )
