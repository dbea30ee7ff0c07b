"""`triage spend`: what a day has cost, under which caps, and how an operator changes these."""

import argparse
import getpass
from dataclasses import replace

from tasks.accounts import FLEET, day_of
from worker.cli.exit_codes import ExitCode
from worker.cli.output import dollars, print_json, print_table, tickets_wait
from worker.cli.shop import the_shop
from worker.ledgers.accounting import Account, Cap
from worker.operating.spending import Spent, a_day, account_json, spent_on

MICRO = 1_000_000


def spend(asked: argparse.Namespace) -> ExitCode:
    """Prints a day by scope and by model."""
    with the_shop() as shop:
        today = day_of(shop.clock.now())
        day = a_day(asked.day) if asked.day else today
        found = spent_on(shop.ledger, day, is_today=day == today)
    if asked.json:
        print_json(found.as_json())
    else:
        _print(found)
    return ExitCode.DONE


def set_cap(asked: argparse.Namespace) -> ExitCode:
    """Changes a cap, with --yes; says what that comes to today."""
    wanted = None if asked.usd is None else int(asked.usd * MICRO)
    with the_shop() as shop:
        now, by = shop.clock.now(), getpass.getuser()
        accounts = {account.scope: account for account in shop.ledger.accounts(day_of(now))}
        before = accounts[asked.scope]
        if asked.yes:
            shop.ledger.set_cap(asked.scope, wanted, at=now, by=by, why=asked.why)
        at_config = shop.ledger.caps[asked.scope]
    after = replace(
        before,
        cap=at_config if wanted is None else wanted,
        said=None
        if wanted is None
        else Cap(scope=asked.scope, micro_usd=wanted, since=now, by=by, why=asked.why),
    )
    fleet = after if after.scope == FLEET else accounts[FLEET]
    if asked.json:
        left = {"was_usd": before.cap / 1e6, "fleet_left_usd": max(fleet.left, 0) / 1e6}
        print_json({"changed": asked.yes, **left, **account_json(after)})
        return ExitCode.DONE
    _tell(before, after, done=asked.yes)
    _tell_of_fleet(fleet, after)
    return ExitCode.DONE


def told(account: Account) -> str:
    """How an account stands, in a sentence."""
    used = f"{dollars(account.spent)} spent and {dollars(account.reserved)} reserved"
    closed = ", closed until midnight UTC or a higher cap" if account.is_closed else ""
    waiting = f", {account.waiting} wait for it" if account.waiting else ""
    share = f"{account.share:.0%} of today's {dollars(account.cap)}"
    return f"{account.scope} has used {share} ({used}){closed}{waiting}"


def _tell(before: Account, after: Account, *, done: bool) -> None:
    named = "the whole fleet" if after.scope == FLEET else after.scope
    config = "" if after.said else ", as config has it"
    may = "may spend" if done else "could spend"
    print(f"{named} {may} {dollars(after.cap)} a day{config}; it was {dollars(before.cap)}")
    used = f"{dollars(after.spent)} spent and {dollars(after.reserved)} reserved today"
    if after.left <= 0:
        print(f"that is not more than is used ({used}): it is closed until midnight UTC")
    else:
        waiting = f"; {tickets_wait(after.waiting)} for it" if after.waiting else ""
        print(f"{used}, so {dollars(after.left)} are left{waiting}")
    if not done:
        print("nothing was changed: the same with --yes does it")


def _tell_of_fleet(fleet: Account, after: Account) -> None:
    """A tier has no more than the fleet has."""
    if after.scope != FLEET and fleet.left < after.left:
        left = dollars(max(fleet.left, 0))
        waiting = f"; {tickets_wait(fleet.waiting)} for it" if fleet.waiting else ""
        print(f"but the whole fleet has {left} left{waiting}: `triage spend set-cap fleet USD`")


def _print(found: Spent) -> None:
    print(f"{found.day} (UTC)")
    print_table(
        ["scope", "spent", "reserved", "cap", "used", "waiting", "said by"],
        [
            (
                one.scope,
                dollars(one.spent),
                dollars(one.reserved),
                dollars(one.cap),
                f"{one.share:.1%}{' closed' if one.is_closed else ''}",
                one.waiting or None,
                f"{one.said.by}: {one.said.why}" if one.said else "config",
            )
            for one in found.accounts
        ],
    )
    if not found.models:
        print("\nno model was asked")
        return
    print()
    print_table(
        ["tier", "model", "answered", "unanswered", "lapsed", "tokens in", "cached", "out", "cost"],
        [
            (
                one.tier,
                one.model,
                one.answered,
                one.unanswered,
                one.lapsed,
                one.input_tokens,
                one.cached_tokens,
                one.output_tokens,
                dollars(one.micro_usd),
            )
            for one in found.models
        ],
    )
