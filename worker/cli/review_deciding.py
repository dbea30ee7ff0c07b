"""`triage review accept|correct|return`."""

import argparse
import sys
from collections.abc import Callable

from tasks.errors import OperatorError
from tasks.review import Objection, Wishes
from tasks.run import Run
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.reviewer import open_review, reviewer
from worker.cli.shop import newest, the_shop
from worker.operating.left_alone import Left
from worker.operating.manning import is_manned
from worker.operating.remarks import remarks
from worker.operating.reviewing import Opened, Planned, Reviewer

Decide = Callable[[Reviewer, Opened, Wishes, str | None], Planned | Objection | Left]


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
        run, by = newest(shop, asked.ticket), reviewer(shop, asked.by)
        left = by.left(run)
        if left is None:
            opened = open_review(run, by)
            planned = decide(by, opened, wishes, asked.why)
            if isinstance(planned, Objection):
                raise OperatorError(f"{run.external_id} is left alone: {planned}")
            if isinstance(planned, Planned):
                left = by.do(planned, shop.broker()) if asked.yes else None
                if left is None:
                    said = remarks(by, opened, wishes, planned)
                    return _done(asked, run, planned, said, works=is_manned(shop))
            else:
                left = planned
    if asked.json:
        print_json(_document(asked, run, None, [], left))
    else:
        print(f"triage: {run.external_id} is left alone: {left}", file=sys.stderr)
    return ExitCode.FAILED


def _done(
    asked: argparse.Namespace, run: Run, planned: Planned, said: list[str], *, works: bool
) -> ExitCode:
    if asked.json:
        print_json(_document(asked, run, planned, said, None))
        return ExitCode.DONE
    decision = planned.decision
    values = ", ".join(
        f"{name.replace('_', ' ')} {value}"
        for name, value in (decision.fields() if decision else {}).items()
    )
    what = f"written to {run.external_id}: {values}" if decision else "handed over to people"
    for remark in said:
        print(remark)
    if asked.yes:
        print(f"decided; {'' if works else 'as soon as a fleet runs '}it will be {what}")
    else:
        print(f"would be {what}; add --yes to do it")
    return ExitCode.DONE


def _document(
    asked: argparse.Namespace,
    run: Run,
    planned: Planned | None,
    said: list[str],
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
        "remarks": said,
        "refused": left,
    }
