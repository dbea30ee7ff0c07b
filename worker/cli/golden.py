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
        print_json({**told, "wrong_today": found.is_wrong_today, "case": found.document})
        return ExitCode.DONE
    _print(found, written=asked.yes)
    return ExitCode.DONE


def _print(found: Golden, *, written: bool) -> None:
    if not written:
        print(found.text())
    expected, decided = found.document["expected"], found.document["decided"]
    rows = [(name, decided.get(name), value, found.truth[name]) for name, value in expected.items()]
    print_table(["field", "decided", "expected", "known by"], rows)
    if DECIDED in found.truth.values():
        print("what is known by `decided` nobody has looked at: read it before you trust it")
    if found.is_wrong_today:
        print("it was decided otherwise: `make test` fails until that is mended")
    again = " again" if found.exists else ""
    if written:
        print(f"written{again}: {found.path}")
    else:
        print(f"names of others are not found by their form: read it; then --yes{again} writes")
        print(found.path)
