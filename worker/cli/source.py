"""`triage source`: how far each source is trusted, and how many of its tickets begin in an hour."""

import argparse
import getpass
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace

from config.mode import Mode
from tasks.errors import OperatorError
from tasks.ports.ledger import Source
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.compose import Shop, open_inbox
from worker.ledgers.residence import REMOTE
from worker.operating.moments import iso
from worker.operating.trust import Trusted, only_suggested, trusted

ALIAS = "helpdesk"


def list_sources(asked: argparse.Namespace) -> ExitCode:
    """Every source of the configured helpdesk that was ever read."""
    with the_shop() as shop:
        every, residence = trusted(shop.ledger), shop.residence
    every = _of_ours(every)
    found = [one for one in every if residence.holds(one.source.name)]
    if others := [one.source.name for one in every if one not in found]:
        print(f"of other helpdesks: {', '.join(others)}", file=sys.stderr)
    if asked.json:
        print_json([_row(one) for one in found])
        return ExitCode.DONE
    headers = ("source", "mode", "per_hour", "waiting", "since", "by", "why")
    rows = [{**_row(one), "per_hour": one.source.per_hour or "no limit"} for one in found]
    print_table(headers, [[row[name] for name in headers] for row in rows])
    return ExitCode.DONE


def set_source(asked: argparse.Namespace) -> ExitCode:
    """Changes what was named, with --yes; says what that comes to."""
    if asked.mode is None and asked.per_hour is None:
        raise OperatorError("say what is to change: --mode, --per-hour or both")
    with the_shop() as shop:
        now = shop.clock.now()
        told = [_changed(one, asked, now) for one in _named(asked.source, shop)]
        held = only_suggested(shop.config, now)
        if asked.yes:
            for one in told:
                shop.ledger.set_source(one.source)
    if asked.json:
        print_json({"changed": asked.yes, "sources": [_row(one) for one in told]})
        return ExitCode.DONE
    for one in told:
        does = "does" if asked.yes else "would do"
        print(f"{one.source.name} {does}: {MEANS[one.source.mode]}")
        print(_limit(one))
        if held and one.source.mode is Mode.AUTO:
            print(f"but {held}")
    if not asked.yes:
        print("nothing was changed: the same with --yes does it")
    return ExitCode.DONE


def _changed(before: Trusted, asked: argparse.Namespace, now: float) -> Trusted:
    """As it was, but for what was asked."""
    per_hour = before.source.per_hour if asked.per_hour is None else asked.per_hour or None
    after = replace(
        before.source,
        mode=Mode(asked.mode) if asked.mode else before.source.mode,
        per_hour=per_hour,
        since=now,
        by=getpass.getuser(),
        why=asked.why,
    )
    return replace(before, source=after)


MEANS = {
    Mode.AUTO: "fields and notes are written (auto)",
    Mode.SUGGEST: "one note says what would be written, no field is set (suggest)",
    Mode.SHADOW: "nothing is written (shadow)",
}


def _limit(told: Trusted) -> str:
    waiting = f"; {told.waiting} wait for their turn" if told.waiting else ""
    if told.source.per_hour is None:
        return f"tickets begin as they come{waiting and ', those that wait within seconds'}"
    return f"at most {told.source.per_hour} tickets begin in an hour{waiting}"


def _named(name: str, shop: Shop) -> Sequence[Trusted]:
    """That source; `helpdesk` is the one that is configured, and of ours all that fill it.

    Raises OperatorError for others.
    """
    known = {one.source.name: one for one in trusted(shop.ledger)}
    if name != ALIAS:
        if name not in known:
            names = ", ".join(one for one in known if one != ALIAS) or "none was read yet"
            raise OperatorError(f"no source is called {name!r}: {names}")
        return [known[name]]
    if shop.config.helpdesk.remote is not None:
        wanted = open_inbox(ALIAS, shop).name
        unread = Trusted(source=_unread(wanted, shop), waiting=0, polled_at=None)
        return [known.get(wanted, unread)]  # said before its first poll
    if remote := [one for one in known if one.startswith(REMOTE)]:
        message = f"no real helpdesk is configured in this shell; name the source: {remote[0]}"
        raise OperatorError(message)
    if filling := _of_ours(known.values()):
        return filling
    raise OperatorError("nothing was taken in yet: a source can be set once it was read")


def _of_ours(every: Iterable[Trusted]) -> list[Trusted]:
    """Without the replies' inbox: each keeps the source that first brought its ticket."""
    return [one for one in every if one.source.name != ALIAS]


def _unread(name: str, shop: Shop) -> Source:
    """A real helpdesk, as its first poll would have it begin."""
    first = shop.config.settings.first_day
    return Source(name=name, mode=first.mode, per_hour=first.per_hour, since=0.0, by="", why="")


def _row(one: Trusted) -> dict[str, object]:
    source = one.source
    return {
        "source": source.name,
        "mode": str(source.mode),
        "per_hour": source.per_hour,
        "waiting": one.waiting,
        "polled_at": iso(one.polled_at),
        "since": iso(source.since) if source.by else None,
        "by": source.by or None,
        "why": source.why or None,
    }
