"""`triage ticket golden`: makes a golden case of a ticket, which `make test` then runs."""

import argparse

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import newest, the_shop
from worker.operating.golden import DECIDED, Golden, golden


def make(asked: argparse.Namespace) -> ExitCode:
    """Shows the case; with --yes it is written."""
    with the_shop() as shop:
        found = golden(shop, newest(shop, asked.ticket))
    if asked.yes:
        found.write()
    if asked.json:
        told = {"path": str(found.path), "written": asked.yes, "truth": dict(found.truth)}
        more = {"wrong_today": found.is_wrong_today, "decided_by": found.decided_by}
        print_json({**told, **more, "case": found.document})
        return ExitCode.DONE
    _print(found, written=asked.yes)
    return ExitCode.DONE


def _print(found: Golden, *, written: bool) -> None:
    if not written:
        print(found.text())
    expected, decided = found.document["expected"], found.document["decided"]
    rows = [(name, decided.get(name), value, found.truth[name]) for name, value in expected.items()]
    print_table(["field", "decided", "expected", "known by"], rows)
    if found.decided_by:
        print(f"decided by {found.decided_by} in review; {_had_said(found)}")
    if DECIDED in found.truth.values():
        print("what is known by `decided` nobody has looked at: read it before you trust it")
    if found.is_undecided:
        model = found.document["model"]
        print(f"no machine decided it: `make test` fails until {model} decides so by itself")
    elif found.is_wrong_today:
        print("it was decided otherwise: `make test` fails until that is mended")
    again = " again" if found.exists else ""
    if written:
        print(f"written{again}: {found.path}")
    else:
        print(f"names of others are not found by their form: read it; then --yes{again} writes")
        print(found.path)


def _had_said(found: Golden) -> str:
    proposed = found.document["proposed"]
    if not proposed:
        return "no model had said anything that could be written"
    values = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in proposed.items())
    return f"{found.document['model']} had said {values}"
