"""`triage breaker`: what is left alone because it fails, and what an operator has left alone."""

import argparse
import getpass
import sys
from typing import TYPE_CHECKING

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.operating.breakers import panel, reset, standing_json, trip
from worker.operating.moments import age, iso

if TYPE_CHECKING:
    from worker.guards.standing import Standing

AWAY = "the broker does not answer: how breakers stand that no operator has tripped is not known"
HEADERS = ("breaker", "state", "since", "failing", "calls", "probe", "by", "why")


def list_breakers(asked: argparse.Namespace) -> ExitCode:
    """Every breaker there is, and how it stands."""
    with the_shop() as shop:
        found = panel(shop)
    if found.away:
        print(AWAY, file=sys.stderr)
    if asked.json:
        print_json([standing_json(one) for one in found.breakers])
    else:
        print_table(HEADERS, [_cells(one) for one in found.breakers])
    return ExitCode.DONE


def trip_breaker(asked: argparse.Namespace) -> ExitCode:
    """Holds it open, with --yes."""
    by = getpass.getuser()
    with the_shop() as shop:
        before = panel(shop).named(asked.breaker)
        is_new = before.state != "tripped"
        if asked.yes and is_new:
            is_new = trip(shop, asked.breaker, by=by, why=asked.why)
        changed = bool(asked.yes and is_new)
    if asked.json:
        print_json({"changed": changed, "breaker": asked.breaker, "by": by, "why": asked.why})
    elif not is_new:
        print(f"{asked.breaker} is tripped already, by {before.by}: {before.why}")
    elif changed:
        print(f"{asked.breaker} is tripped: within two seconds nobody asks it, and nobody probes")
        print(f"it stays so until `triage breaker reset {asked.breaker} --why … --yes`")
    else:
        print(f"{asked.breaker} would be tripped: nobody would ask it any more until it is reset")
        print("nothing was changed: the same with --yes does it")
    return ExitCode.DONE


def reset_breaker(asked: argparse.Namespace) -> ExitCode:
    """Lifts its trip and closes it, with --yes."""
    with the_shop() as shop:
        before = panel(shop).named(asked.breaker)
        wanted, told = before.state != "closed", True
        if asked.yes and wanted:
            told = reset(shop, asked.breaker, by=getpass.getuser(), why=asked.why)
    changed = bool(asked.yes and wanted)
    if not told:
        print("the broker does not answer: only a trip was lifted", file=sys.stderr)
    if asked.json:
        print_json({"changed": changed, "breaker": asked.breaker, "was": before.state})
    elif not wanted:
        print(f"{asked.breaker} is closed already: everything goes through")
    elif changed:
        print(f"{asked.breaker} was {before.state} and is closed: a growing share goes through")
    else:
        print(f"{asked.breaker} is {before.state} and would be closed")
        print("nothing was changed: the same with --yes does it")
    return ExitCode.DONE if told else ExitCode.FAILED


def _cells(one: "Standing") -> list[object]:
    share = None if one.failing is None else f"{100 * one.failing:.0f} %"
    probe = None if one.probe_in is None else f"in {age(one.probe_in)}"
    return [one.name, one.state, iso(one.since), share, one.calls, probe, one.by, one.why]


def line(one: "Standing") -> str:
    """In a sentence, for `triage status`."""
    probe = f", probed in {age(one.probe_in)}" if one.probe_in is not None else ""
    by = f", by {one.by}" if one.by else ""
    why = f": {one.why}" if one.why else ""
    return f"breaker: {one.name} is {one.state} since {iso(one.since)}{probe}{by}{why}"
