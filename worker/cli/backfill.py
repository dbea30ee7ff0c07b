"""`triage backfill`: triages tickets that people have closed, writes nothing, and compares."""

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from functools import partial

from config.mode import Mode
from tasks.causes import WaitReason
from tasks.ports.ledger import Filter
from tasks.run import Run, State
from worker.cli.exit_codes import ExitCode
from worker.cli.hosting import Host, a_fleet
from worker.cli.output import dollars, print_json, print_table, tickets_wait
from worker.cli.shop import the_shop
from worker.cli.span import stamp
from worker.compose import Shop, open_facts, open_intake, open_past, remote_of
from worker.intake import Polled
from worker.operating.comparing import MOST, Comparison, compare
from worker.operating.share import Share

PAGE = 50
"""Tickets that are taken in at once, so that those that customers wait for are never far behind."""

MOVING = (State.QUEUED, State.RUNNING, State.WAITING)

LONG = (WaitReason.PAUSED, WaitReason.MONEY, WaitReason.BREAKER)
"""What may hold it for longer than anybody looks at a line that does not move."""


class Waiting:
    """For what was sent on its way. Says how far that is, and once what holds it."""

    def __init__(self, shop: Shop, source: str) -> None:
        self._shop = shop
        self._source = source
        self._begun = shop.clock.now()
        self._told: set[str] = set()

    def is_over(self, taken: int) -> bool:
        """Whether nothing of the `taken` tickets goes on by itself any more."""
        left = self._moving()
        if sys.stderr.isatty():
            print(f"\r{taken - len(left)} of {taken} are through ", end="", file=sys.stderr)
        held = Counter(run.reason for run in left if run.reason in LONG)
        if held.keys() - self._told:
            self._tell(held)
        self._told = set(held)
        return all(map(self._stays, left))

    def _stays(self, run: Run) -> bool:
        """Whether people have to mend something first: what was parked before is tried again."""
        return run.reason == WaitReason.PARKED and run.changed_at >= self._begun

    def left(self) -> Mapping[str, int]:
        """What is not through: what it waits for, or where it is -> how many."""
        return Counter(str(run.reason or run.state) for run in self._moving())

    def _moving(self) -> list[Run]:
        wanted = Filter(source=self._source, mode=str(Mode.SHADOW), states=MOVING)
        return list(self._shop.ledger.runs(wanted))

    def _tell(self, held: Mapping[str, int]) -> None:
        told = [f"{tickets_wait(count)} ({reason})" for reason, count in held.items()]
        if WaitReason.PAUSED in held:
            told += [
                f"paused: {one.scope}, by {one.by}: {one.why}; `triage resume {one.scope}`"
                for one in self._shop.ledger.pauses()
            ]
        told += ["they go on by themselves then; or end this with Ctrl-C: the same command goes on"]
        print("", *told, sep="\n", file=sys.stderr)


def backfill(asked: argparse.Namespace) -> ExitCode:
    """The plan; with --yes it is carried out. Then, or with --report, what came of it."""
    with the_shop() as shop:
        source = remote_of(shop).feed.name
        left: Mapping[str, int] = {}
        if not (asked.report or asked.yes):
            return _plan(asked, shop)
        if asked.yes:
            since = stamp(asked.since, shop.clock.now())
            waiting = Waiting(shop, source)
            with a_fleet(shop, polls=False) as host:
                ended = not host.is_interrupted and _triage(host, since, waiting)
            if not ended:
                told = "interrupted: the same command goes on where this one stopped"
                print(told, file=sys.stderr)
                return ExitCode.FAILED
            left = waiting.left()
        found = compare(shop, source)
    if asked.json:
        print_json(_document(source, found))
    else:
        _print(source, found)
    return _verdict(left)


def _verdict(left: Mapping[str, int]) -> ExitCode:
    """`left` has stayed behind: people have to mend something first."""
    if not left:
        return ExitCode.DONE
    told = ", ".join(f"{count} {reason}" for reason, count in left.items())
    print(f"not through: {told}; mend what `triage status` names, and give", file=sys.stderr)
    print("the same command again", file=sys.stderr)
    return ExitCode.NEEDS_YOU


def _plan(asked: argparse.Namespace, shop: Shop) -> ExitCode:
    from worker.inboxes.past import PastFeed
    from worker.operating.estimating import estimate, sample

    since, helpdesk = stamp(asked.since, shop.clock.now()), remote_of(shop)
    past = PastFeed(helpdesk.archive, helpdesk.feed, lambda _ticket: False)
    tickets = sample(past, past.changed(since), shop.config)
    now, facts = shop.clock.now(), open_facts(shop.config, shop.clock)
    found = estimate(tickets, past.count(since), config=shop.config, facts=facts, now=now)
    if asked.json:
        cost = found.micro_usd / 1e6
        print_json({"would": found.tickets, "since": since, "cost_usd": cost})
        return ExitCode.DONE
    print(f"{past.name}: {found.tickets} tickets that people have closed since {since}")
    print(f"they would cost {found.words()}")
    print("nothing would be written to any of them; the same with --yes does it")
    return ExitCode.DONE


def _triage(host: Host, since: str, waiting: Waiting) -> bool:
    """Page after page, each when the one before is through; False where it was interrupted."""
    shop = host.shop

    def pace(polled: Polled) -> None:
        host.wait(partial(waiting.is_over, polled.ingested))
        if host.is_interrupted:
            raise KeyboardInterrupt

    try:
        taking = open_intake(shop, Mode.SHADOW)
        taking.poll(open_past(shop, since), pace, afresh=True, limit=PAGE)
    except KeyboardInterrupt:
        return False
    return not host.is_interrupted


def _document(source: str, found: Comparison) -> dict[str, object]:
    return {
        "source": source,
        "tickets": found.tickets,
        "decided": found.decided,
        "places": dict(found.places),
        "fields": [one.as_json() for one in found.fields],
        "confusions": [
            {"field": one.field, "ours": one.ours, "theirs": one.theirs, "count": one.count}
            for one in found.confusions
        ],
        "unreadable": found.unreadable,
        "cost_usd": found.micro_usd / 1e6,
    }


def _print(source: str, found: Comparison) -> None:
    if not found.tickets:
        print(f"{source}: nothing was triaged in shadow yet")
        return
    share = found.decided / found.tickets
    print(f"\n{source}: {found.tickets} closed tickets, cost {dollars(found.micro_usd)}")
    others = ", the others:" if found.places else ""
    print(f"{found.decided} ({share:.1%}) would have been written{others}")
    if found.places:
        print_table(["where", "tickets"], found.places.items())
    print("\nbeside what people had decided:")
    rows = [(one.field, one.share.of, one.share.hits, *_shares(one.share)) for one in found.fields]
    print_table(["field", "compared", "the same", "share", "95 % interval"], rows)
    if found.confusions:
        print()
        print_table(
            ["field", "we", "people", "tickets"],
            [(one.field, one.ours, one.theirs, one.count) for one in found.confusions[:MOST]],
        )
    if found.unreadable:
        print(f"{found.unreadable} could not be compared: what people decided is forgotten")


def _shares(share: Share) -> tuple[str, str]:
    if not share.of:
        return "-", "-"
    low, high = share.interval
    return f"{share.value:.1%}", f"{low:.1%} to {high:.1%}"
