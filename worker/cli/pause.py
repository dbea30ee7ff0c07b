"""`triage pause` and `triage resume`: stop the spending now, whatever the broker does."""

import argparse
import getpass

from tasks.ports.ledger import Pause
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.shop import the_shop
from worker.operating.moments import iso


def pause(asked: argparse.Namespace) -> ExitCode:
    """Has the fleet begin nothing of that scope any more."""
    with the_shop() as shop:
        wanted = Pause(
            scope=asked.scope, since=shop.clock.now(), by=getpass.getuser(), why=asked.why
        )
        is_new = shop.ledger.pause(wanted)
        pauses = shop.ledger.pauses()
    if asked.json:
        print_json({"paused": [_row(one) for one in pauses]})
    elif is_new:
        print(f"{asked.scope} is paused: stages under way end, nothing new begins within seconds.")
        print(f"intake goes on, and what is due waits: `triage resume {asked.scope}` lets it go on")
    else:
        print(f"{asked.scope} was paused already")
    return ExitCode.DONE


def resume(asked: argparse.Namespace) -> ExitCode:
    """Lets work of that scope go on."""
    with the_shop() as shop:
        was_paused = shop.ledger.resume(asked.scope)
        left = shop.ledger.pauses()
    if asked.json:
        print_json({"paused": [_row(one) for one in left]})
        return ExitCode.DONE
    print(f"{asked.scope} goes on" if was_paused else f"{asked.scope} was not paused")
    for one in left:
        print(f"still paused: {one.scope}, by {one.by} since {iso(one.since)}: {one.why}")
    return ExitCode.DONE


def _row(one: Pause) -> dict[str, object]:
    return {"scope": one.scope, "since": iso(one.since), "by": one.by, "why": one.why}
