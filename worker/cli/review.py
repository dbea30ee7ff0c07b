"""`triage review list|show`."""

import argparse
import sys
from itertools import islice

from tasks.errors import OperatorError
from tasks.ports.helpdesk import Seen
from tasks.run import Run
from worker.cli.exit_codes import ExitCode
from worker.cli.output import known, print_json, print_table
from worker.cli.review_page import print_sheet
from worker.cli.reviewer import open_review, reviewer
from worker.cli.shop import newest, the_shop
from worker.operating.held import kept, look
from worker.operating.manning import is_manned
from worker.operating.moments import age
from worker.operating.review_sheet import row, sheet

NOBODY_WORKS = "no fleet runs: what is decided is written, and goes to people, when one does"

NO_OWNERS = "alerts.toml names no owners: [owners.NAME] there says whose issue types are which"


def list_reviews(asked: argparse.Namespace) -> ExitCode:
    """One row for each ticket that waits for a person."""
    with the_shop() as shop:
        now, by = shop.clock.now(), reviewer(shop)
        alerts = shop.config.alerts
        if asked.owner is not None and not alerts.owners:
            raise OperatorError(NO_OWNERS)
        known(asked.owner, alerts.owners, "owner of alerts.toml")
        found = shop.ledger.in_review(handed=asked.all, residence=shop.residence)
        rows = ((run, at, row(run, at, by)) for run, at in found)
        left = list(islice((one for one in rows if _is_meant(asked, one[2])), asked.limit))
        is_whole = asked.all or asked.owner is not None
        handed = 0 if is_whole else shop.ledger.handed_reviews(shop.residence)
        works = is_manned(shop)
    if len(left) == asked.limit:
        print(f"the first {asked.limit} to be due; for more say --limit N", file=sys.stderr)
    if left and not works:
        print(NOBODY_WORKS, file=sys.stderr)
    if asked.json:
        print_json([one for *_, one in left])
        return ExitCode.DONE
    print_table(
        ["ticket", "waits", "left", "stopped by", "issue_type", "prio", "queue", "customer"],
        [
            (
                *(run.external_id, age(now - since), _left(run, now, one)),
                f"{run.reason}: {run.why}",
                *(one["issue_type"], one["priority"], one["queue"], one["customer_tier"]),
            )
            for run, since, one in left
        ],
    )
    if left:
        print("look: triage review show ID; decide: triage review accept, correct or return")
    if handed:
        print(f"given to people in the helpdesk: {handed} more; --all lists them, too")
    return ExitCode.DONE


def _is_meant(asked: argparse.Namespace, one: dict[str, object]) -> bool:
    return asked.owner is None or one["owner"] == asked.owner


def _left(run: Run, now: float, one: dict[str, object]) -> str:
    """Until people have it anyway."""
    if one["returned"]:
        return "returned"
    if run.handed_at is not None:
        return "handed over"
    return age(run.due_at - now) if run.due_at and run.due_at > now else "none"


def show(asked: argparse.Namespace) -> ExitCode:
    """One page about one ticket."""
    with the_shop() as shop:
        run, by = newest(shop, asked.ticket), reviewer(shop)
        opened = open_review(run, by)
        seen, queue = look(shop, run), shop.config.taxonomy.fallback_queue
        goes = {"queue": queue}
        moved = kept(shop, run, opened.ticket, seen, goes) if isinstance(seen, Seen) else {}
        document = sheet(opened, by, seen)
    if asked.json:
        print_json(document)
    else:
        print_sheet(document, queue, moved)
    return ExitCode.DONE
