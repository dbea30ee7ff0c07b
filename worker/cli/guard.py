"""`triage guard`: guards that an operator takes away for a while, which nobody forgets."""

import argparse
import getpass

from config.guards import GUARDS, MOST_OFF_SECONDS
from tasks.errors import OperatorError
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.cli.span import seconds
from worker.ledgers.switching import GuardOff
from worker.operating.moments import iso


def list_guards(asked: argparse.Namespace) -> ExitCode:
    """Every guard, on or off."""
    with the_shop() as shop:
        off = {guard.name: guard for guard in shop.ledger.guards_off(shop.clock.now())}
    rows = [_row(name, off.get(name)) for name in GUARDS]
    if asked.json:
        print_json(rows)
    else:
        headers = ("guard", "state", "until", "since", "by", "why")
        print_table(headers, [[row[name] for name in headers] for row in rows])
    return ExitCode.DONE


def off(asked: argparse.Namespace) -> ExitCode:
    """Switches it off with --yes, for that long; says what that comes to."""
    span = seconds(asked.span)
    if not 0 < span <= MOST_OFF_SECONDS:
        hours = MOST_OFF_SECONDS / 3_600
        raise OperatorError(f"a guard is off for {hours:.0f}h at most, and not for {asked.span}")
    if not asked.why.strip():
        raise OperatorError("say why: it is shown to everybody for as long as the guard is off")
    with the_shop() as shop:
        now = shop.clock.now()
        guard = GuardOff(
            name=asked.guard, until=now + span, since=now, by=getpass.getuser(), why=asked.why
        )
        if asked.yes:
            shop.ledger.switch_off(guard)
    if asked.json:
        print_json({"changed": asked.yes, **_row(guard.name, guard)})
    elif asked.yes:
        print(f"{guard.name} is off in the whole fleet within 2 s, and on again at", end=" ")
        print(f"{iso(guard.until)}; `triage guard on {guard.name} --yes` does not wait")
        print("see docs/runbook.md, 'guard off': status, Fleet page and alerts say it until then")
    else:
        print(f"{guard.name} would be off until {iso(guard.until)}: {MEANS[guard.name]}")
        print("nothing was changed: the same with --yes does it")
    return ExitCode.DONE


MEANS = {
    "breaker": "what fails is asked as often as there are tickets",
    "retry_budget": "whatever fails is tried again as often as policy.toml allows each ticket",
    "rate_limits": "nobody is slowed down but by the other side",
    "money": "nothing stops the spending; what is spent is counted all the same",
}


def on(asked: argparse.Namespace) -> ExitCode:
    """Switches it on again with --yes."""
    with the_shop() as shop:
        now = shop.clock.now()
        off = {guard.name: guard for guard in shop.ledger.guards_off(now)}
        was_off = asked.guard in off
        if asked.yes:
            was_off = shop.ledger.switch_on(asked.guard, by=getpass.getuser(), at=now)
    if asked.json:
        left = None if asked.yes else off.get(asked.guard)
        print_json({"changed": asked.yes and was_off, **_row(asked.guard, left)})
    elif not was_off:
        print(f"{asked.guard} was not off")
    else:
        print(f"{asked.guard} {'is' if asked.yes else 'would be'} on again")
        if not asked.yes:
            print("nothing was changed: the same with --yes does it")
    return ExitCode.DONE


def _row(name: str, off: GuardOff | None) -> dict[str, object]:
    return {
        "guard": name,
        "state": "off" if off else "on",
        "until": iso(off.until) if off else None,
        "since": iso(off.since) if off else None,
        "by": off.by if off else None,
        "why": off.why if off else None,
    }
