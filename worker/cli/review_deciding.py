"""`triage review accept|correct|return`."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tasks.errors import OperatorError
from tasks.ports.helpdesk import Seen
from tasks.review import Objection, Wishes
from tasks.run import Run
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.reviewer import open_review, reviewer
from worker.cli.shop import newest, the_shop
from worker.compose import Shop
from worker.operating.held import kept, look
from worker.operating.left_alone import Left
from worker.operating.manning import is_manned
from worker.operating.remarks import held, remarks
from worker.operating.reviewing import Opened, Planned, Reviewer

Decide = Callable[[Reviewer, Opened, Wishes, str | None], Planned | Objection | Left]

VALUES = "--issue-type, --priority, --queue, --escalate"


def accept(asked: argparse.Namespace) -> ExitCode:
    """The proposal is written as it is."""
    return _decide(asked, Wishes(escalate=asked.escalate), Reviewer.accept)


def correct(asked: argparse.Namespace) -> ExitCode:
    """Other values are written."""
    if not any((asked.issue_type, asked.priority, asked.queue, asked.escalate)):
        instead = f"or accept it: `triage review accept {asked.ticket}`"
        raise OperatorError(f"name what is right ({VALUES}), {instead}")
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
                doing = _doing(shop, by, opened, wishes, planned)
                left = by.do(doing.planned, shop.broker()) if asked.yes else None
                if left is None:
                    return _done(asked, doing)
            else:
                left = planned
    if asked.json:
        print_json(_document(asked, run, None, left))
    else:
        print(f"triage: {run.external_id} is left alone: {left}", file=sys.stderr)
    return ExitCode.FAILED


@dataclass(frozen=True, kw_only=True, slots=True)
class Doing:
    """What is to be done, and what there is to say about it."""

    planned: Planned
    values: Mapping[str, str]
    kept: Mapping[str, str | None]
    remarks: Sequence[str]
    works: bool  # somebody who would do it


def _doing(shop: Shop, by: Reviewer, opened: Opened, wishes: Wishes, planned: Planned) -> Doing:
    decision, queue = planned.decision, shop.config.taxonomy.fallback_queue
    values = decision.fields() if decision else {"queue": queue}
    seen = look(shop, opened.run)
    stays = kept(shop, opened.run, opened.ticket, seen, values) if isinstance(seen, Seen) else {}
    return Doing(
        planned=planned.beside(stays),
        values=values,
        kept=stays,
        remarks=[*held(seen, stays), *remarks(by, opened, wishes, planned)],
        works=is_manned(shop),
    )


def _done(asked: argparse.Namespace, doing: Doing) -> ExitCode:
    if asked.json:
        print_json(_document(asked, doing.planned.change.before, doing, None))
        return ExitCode.DONE
    for remark in doing.remarks:
        print(remark)
    who, what = _told(doing)
    if asked.yes:
        print(f"decided; {'' if doing.works else 'as soon as a fleet runs '}{who} will be {what}")
    else:
        print(f"{who} would be {what}; add --yes to do it".removeprefix("it "))
    return ExitCode.DONE


def _told(doing: Doing) -> tuple[str, str]:
    """Who, and what becomes of it."""
    ticket = doing.planned.change.before.external_id
    if doing.planned.decision is None:
        queue = doing.kept.get("queue", doing.values["queue"])
        return ticket, f"handed over to people, in the queue {queue or 'none'}"
    set_ = (
        f"{name.replace('_', ' ')} {value}"
        for name, value in doing.values.items()
        if name not in doing.kept
    )
    return "it", f"written to {ticket}: {', '.join(set_) or 'a note'}"


def _document(
    asked: argparse.Namespace, run: Run, doing: Doing | None, left: Left | None
) -> dict[str, object]:
    decision = doing.planned.decision if doing else None
    called = decision.escalation if decision else None
    return {
        "done": doing is not None and asked.yes,
        "ticket": run.external_id,
        "run": run.id,
        "issue_type": decision.issue_type if decision else None,
        "priority": decision.priority if decision else None,
        "queue": decision.queue if decision else None,
        "escalated": called.criterion if called else None,
        "kept": list(doing.kept) if doing else [],
        "remarks": list(doing.remarks) if doing else [],
        "refused": left,
    }
