"""`triage review list|show|accept|correct|return`."""

import argparse
import getpass
import sys
from collections.abc import Callable
from itertools import islice

from tasks.errors import OperatorError
from tasks.review import Objection, Wishes
from tasks.run import Run
from worker.cli.exit_codes import ExitCode
from worker.cli.output import known, print_json, print_table
from worker.cli.review_page import print_sheet
from worker.cli.shop import newest, the_shop
from worker.compose import Shop
from worker.operating.moments import age
from worker.operating.review_sheet import row, sheet
from worker.operating.reviewing import Left, Opened, Planned, Reviewer

Decide = Callable[[Reviewer, Opened, Wishes, str | None], Planned | Objection | Left]


def list_reviews(asked: argparse.Namespace) -> ExitCode:
    """One row for each ticket that waits for a person."""
    with the_shop() as shop:
        now, by = shop.clock.now(), _reviewer(shop)
        alerts, queue = shop.config.alerts, shop.config.taxonomy.fallback_queue
        known(asked.owner, alerts.owners, "owner of alerts.toml")
        found = shop.ledger.in_review(handed=asked.all, residence=shop.residence)
        rows = ((run, row(run, by.open(run), alerts)) for run in found)
        left = list(islice((one for one in rows if _is_meant(asked, one[1])), asked.limit))
        is_whole = asked.all or asked.owner is not None
        handed = 0 if is_whole else shop.ledger.handed_reviews(shop.residence)
    if len(left) == asked.limit:
        print(f"the oldest {asked.limit}; for more say --limit N", file=sys.stderr)
    if asked.json:
        print_json([one for _, one in left])
        return ExitCode.DONE
    print_table(
        ["ticket", "waits", "left", "stopped by", "issue_type", "prio", "queue", "customer"],
        [
            (
                *(run.external_id, age(now - run.changed_at), _left(run, now)),
                f"{run.reason}: {run.why}",
                *(one["issue_type"], one["priority"], one["queue"], one["customer_tier"]),
            )
            for run, one in left
        ],
    )
    if left:
        print("look: triage review show ID; decide: triage review accept, correct or return")
    if handed:
        print(f"with people in the queue {queue}: {handed} more; --all lists them, too")
    return ExitCode.DONE


def _is_meant(asked: argparse.Namespace, one: dict[str, object]) -> bool:
    return asked.owner is None or one["owner"] == asked.owner


def _left(run: Run, now: float) -> str:
    """Until people have it anyway."""
    if run.handed_at is not None:
        return "handed over"
    return age(run.due_at - now) if run.due_at and run.due_at > now else "none"


def show(asked: argparse.Namespace) -> ExitCode:
    """One page about one ticket."""
    with the_shop() as shop:
        run, by = newest(shop, asked.ticket), _reviewer(shop)
        opened = _opened(run, by)
        document = sheet(opened, by)
        queue = shop.config.taxonomy.fallback_queue
    if asked.json:
        print_json(document)
    else:
        print_sheet(document, queue)
    return ExitCode.DONE


def _opened(run: Run, by: Reviewer) -> Opened:
    opened = by.open(run)
    if isinstance(opened, Left):
        raise OperatorError(f"{run.external_id} cannot be shown: {opened}")
    return opened


def accept(asked: argparse.Namespace) -> ExitCode:
    """The proposal is written as it is."""
    return _decide(asked, Wishes(escalate=asked.escalate), Reviewer.accept)


def correct(asked: argparse.Namespace) -> ExitCode:
    """Other values are written."""
    wishes = Wishes(
        issue_type=asked.issue_type,
        priority=asked.priority,
        queue=asked.queue,
        escalate=asked.escalate,
    )
    return _decide(asked, wishes, Reviewer.correct)


def give_back(asked: argparse.Namespace) -> ExitCode:
    """Nobody decides here: it goes to the fallback queue at once."""
    return _decide(asked, Wishes(), lambda by, opened, _, why: by.give_back(opened, why))


def _decide(asked: argparse.Namespace, wishes: Wishes, decide: Decide) -> ExitCode:
    with the_shop() as shop:
        run, by = newest(shop, asked.ticket), _reviewer(shop)
        left = by.left(run)
        if left is None:
            opened = _opened(run, by)
            planned = decide(by, opened, wishes, asked.why)
            if isinstance(planned, Objection):
                raise OperatorError(f"{run.external_id} is left alone: {planned}")
            if isinstance(planned, Planned):
                left = by.do(planned, shop.broker()) if asked.yes else None
                if left is None:
                    remarks = by.remarks(opened, wishes, planned)
                    return _done(asked, run, planned, remarks)
            else:
                left = planned
    if asked.json:
        print_json(_document(asked, run, None, [], left))
    else:
        print(f"triage: {run.external_id} is left alone: {left}", file=sys.stderr)
    return ExitCode.FAILED


def _done(asked: argparse.Namespace, run: Run, planned: Planned, remarks: list[str]) -> ExitCode:
    if asked.json:
        print_json(_document(asked, run, planned, remarks, None))
        return ExitCode.DONE
    decision = planned.decision
    values = ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in (decision.fields() if decision else {}).items()
    )
    what = f"written to {run.external_id}: {values}" if decision else "handed over to people"
    for remark in remarks:
        print(remark)
    if asked.yes:
        print(f"decided; it will be {what}")
    else:
        print(f"would be {what}; add --yes to do it")
    return ExitCode.DONE


def _document(
    asked: argparse.Namespace,
    run: Run,
    planned: Planned | None,
    remarks: list[str],
    left: Left | None,
) -> dict[str, object]:
    decision = planned.decision if planned else None
    called = decision.escalation if decision else None
    return {
        "done": planned is not None and asked.yes,
        "ticket": run.external_id,
        "run": run.id,
        "issue_type": decision.issue_type if decision else None,
        "priority": decision.priority if decision else None,
        "queue": decision.queue if decision else None,
        "escalated": called.criterion if called else None,
        "remarks": remarks,
        "refused": left,
    }


def _reviewer(shop: Shop) -> Reviewer:
    """Whoever sits at this shell."""
    return Reviewer(
        name=getpass.getuser(),
        ledger=shop.ledger,
        vault=shop.vault,
        config=shop.config,
        clock=shop.clock,
        residence=shop.residence,
    )
