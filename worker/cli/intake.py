"""`triage intake [SOURCE]`: polls a source once, or each that is configured."""

import argparse
import asyncio
import sys
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict

from tasks.errors import OperatorError
from worker.cli.exit_codes import ExitCode
from worker.cli.output import dollars, print_json, print_table
from worker.cli.shop import the_shop
from worker.cli.span import stamp
from worker.compose import Shop, open_facts, open_inbox, open_intake, open_older, remote_of
from worker.helpdesks.feed import Feed
from worker.intake import Polled
from worker.schedule import HELPDESK


def intake(asked: argparse.Namespace) -> ExitCode:
    """Takes in what is new and says what it was."""
    with the_shop() as shop:
        if asked.dry_run:
            return _try(asked, shop)
        if asked.since:
            return _older(asked, shop)
        taking, total = open_intake(shop), Polled()
        for source in _sources(asked.source, shop):
            with _within_limits(shop):
                polled = taking.poll(open_inbox(source, shop), _progress)
            total = total.plus(polled)
            if not asked.json:
                print(tell(polled, source))
    if asked.json:
        print_json(asdict(total))
    return ExitCode.DONE


def _sources(named: str | None, shop: Shop) -> tuple[str, ...]:
    """The source that was named, or those that are configured; the sample only for the sandbox."""
    ours, environment = shop.config.settings.sources, shop.config.environment
    given = [source for source in (environment.source, *ours.inboxes) if source]
    if named or given:
        return (named,) if named else tuple(dict.fromkeys(given))
    if shop.config.helpdesk.kind != "embedded":
        return (HELPDESK,)
    if environment.ledger_url:
        raise OperatorError("name a source, or set sources.inboxes in settings.toml")
    return (ours.sample,)


def _within_limits(shop: Shop) -> AbstractContextManager[None]:
    """What a poll asks of a helpdesk that has a limit waits for its turn, as the fleet's does."""
    if shop.config.guards.limit(shop.config.helpdesk.dependency) is None:
        return nullcontext()
    from worker.gatehouse import within_limits  # brings half of what a worker needs

    return within_limits(shop)


def _older(asked: argparse.Namespace, shop: Shop) -> ExitCode:
    """Open tickets that had been changed since, though they lie before the first poll."""
    from worker.operating.estimating import estimate, sample

    since = stamp(asked.since, shop.clock.now())
    feed = _feed(asked.source, shop)
    count = feed.count(since)
    if not asked.yes:
        tickets = sample(feed, feed.changed(since), shop.config)
        facts = open_facts(shop.config, shop.clock)
        now = shop.clock.now()
        found = estimate(tickets, count, config=shop.config, facts=facts, now=now)
        if asked.json:
            print_json({"would": count, "since": since, "cost_usd": found.micro_usd / 1e6})
            return ExitCode.DONE
        print(f"{feed.name}: {count} open tickets were changed since {since}")
        print(f"they would cost {found.words()}")
        print("nothing was taken in: the same with --yes does it")
        return ExitCode.DONE
    taking = open_intake(shop)
    if shop.ledger.cursor(feed.name) is None:  # else what changes meanwhile would be nobody's
        taking.poll(open_inbox(HELPDESK, shop))
    with _within_limits(shop):
        polled = taking.poll(open_older(shop, since), _progress, afresh=True)
    if asked.json:
        print_json(asdict(polled))
    else:
        print(tell(polled, f"{feed.name} since {since}"))
    return ExitCode.DONE


def _try(asked: argparse.Namespace, shop: Shop) -> ExitCode:
    """What would become of the first so many."""
    from worker.operating.trying import trial

    [source] = _sources(asked.source, shop)[:1]
    if asked.since:
        _feed(asked.source, shop)
        inbox = open_older(shop, stamp(asked.since, shop.clock.now()))
    else:
        inbox = open_inbox(source, shop)
    found = asyncio.run(trial(shop, inbox, limit=asked.limit, afresh=bool(asked.since)))
    if asked.json:
        tried = [one.as_json() for one in found.tried]
        print_json({"tried": tried, "known": found.known, "cost_usd": found.micro_usd / 1e6})
        return ExitCode.DONE
    headers = ["ticket", "would", "issue_type", "priority", "queue", "escalated", "why"]
    fields = headers[2:6]
    print_table(
        headers,
        [
            (
                one.ticket,
                one.would,
                *(_field(one.fields.get(f), f in one.kept) for f in fields),
                one.why,
            )
            for one in found.tried
        ],
    )
    again = f", {found.known} were taken in before" if found.known else ""
    print(
        f"{len(found.tried)} new tickets{again}; asking about them cost {dollars(found.micro_usd)}"
    )
    print("nothing was taken in, nothing was written")
    return ExitCode.DONE


def _field(change: tuple[str | None, str] | None, kept: bool) -> str | None:  # noqa: FBT001 - a cell
    if change is None:
        return None
    now, then = change
    if kept:
        return f"{now} (a person's)"
    return then if now in {None, then} else f"{now} -> {then}"


def _feed(named: str | None, shop: Shop) -> Feed:
    """The helpdesk's. Raises OperatorError where tickets come from elsewhere."""
    if named not in {None, HELPDESK}:
        raise OperatorError("--since is for a helpdesk: a file is always taken in whole")
    return remote_of(shop).feed


def tell(polled: Polled, source: str) -> str:
    """One sentence about a poll, or two."""
    if polled.ingested == 0:
        again = f"; {polled.seen} messages came again" if polled.seen else " since the last poll"
        return f"{source}: nothing was ingested, there is nothing new{again}"
    told = [
        f"{source}: {polled.ingested} of {polled.seen} messages are new, {polled.known} known",
        f"{polled.malformed} malformed (triage dead list)" if polled.malformed else "",
        f"{polled.superseded} older runs superseded" if polled.superseded else "",
        f"{polled.unsent} wait until a fleet runs (the broker does not answer)"
        if polled.unsent
        else "",
        f"{polled.capped} wait for their turn (triage source list)" if polled.capped else "",
    ]
    return "; ".join(part for part in told if part)


def _progress(polled: Polled) -> None:
    if sys.stderr.isatty():
        print(f"\r{polled.seen} messages read, {polled.ingested} new", end="", file=sys.stderr)
