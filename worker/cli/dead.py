"""`triage dead list|requeue|drop`: dead letters, by cause, stage and age."""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from typing import get_args

from tasks.causes import Cause
from tasks.errors import OperatorError
from tasks.ports.ledger import Change, Filter
from tasks.run import Run, StageName, State
from worker.cli.exit_codes import ExitCode
from worker.cli.output import known, print_json, print_table
from worker.cli.shop import newest, the_shop
from worker.cli.span import seconds
from worker.cli.ticket import operator
from worker.compose import Shop
from worker.operating.moments import age, iso
from worker.operating.requeue import Refused


def list_dead(asked: argparse.Namespace) -> ExitCode:
    """Every dead letter, or one row per cause and stage."""
    with the_shop() as shop:
        now = shop.clock.now()
        found = _filtered(asked, shop)
    if asked.group:
        return _grouped(found, now, as_json=asked.json)
    if asked.json:
        print_json([as_row(run) for run in found])
        return ExitCode.DONE
    print_table(
        ["ticket", "stage", "cause", "why", "attempts", "age", "came of"],
        [
            (
                *(run.external_id, run.stage, run.reason, run.why, run.attempts),
                age(now - run.changed_at),
                "backfill" if run.is_backfill else "its source",
            )
            for run in found
        ],
    )
    if found:
        print(f"{len(found)} dead; try again: triage dead requeue --cause CAUSE --yes")
    return ExitCode.DONE


def as_row(run: Run) -> dict[str, object]:
    """A dead letter for scripts."""
    return {
        "run": run.id,
        "ticket": run.external_id,
        "source": run.source,
        "backfill": run.is_backfill,
        "stage": run.stage,
        "cause": run.reason,
        "why": run.why,
        "attempts": run.attempts,
        "at": iso(run.changed_at),
    }


def _grouped(found: Sequence[Run], now: float, *, as_json: bool) -> ExitCode:
    counts = Counter((run.reason, run.stage) for run in found)
    past = Counter((run.reason, run.stage) for run in found if run.is_backfill)
    oldest = {(r.reason, r.stage): r.changed_at for r in sorted(found, key=_newest_first)}
    rows = [
        {
            "cause": cause,
            "stage": stage,
            "count": count,
            "backfill": past[cause, stage],
            "oldest_at": iso(oldest[cause, stage]),
        }
        for (cause, stage), count in counts.most_common()
    ]
    if as_json:
        print_json(rows)
        return ExitCode.DONE
    print_table(
        ["cause", "stage", "count", "of a backfill", "oldest"],
        [
            (cause, stage, count, past[cause, stage], age(now - oldest[cause, stage]))
            for (cause, stage), count in counts.most_common()
        ],
    )
    return ExitCode.DONE


def _newest_first(run: Run) -> float:
    return -run.changed_at


def requeue(asked: argparse.Namespace) -> ExitCode:
    """Starts dead letters at their failed stage again."""
    with the_shop() as shop:
        by = operator(shop)
        return _each(asked, shop, lambda run: by.requeue(run, force=asked.force), "requeued")


def drop(asked: argparse.Namespace) -> ExitCode:
    """Lets go of dead letters, with a reason that stays in the ledger."""
    with the_shop() as shop:
        by = operator(shop)
        return _each(asked, shop, lambda run: by.drop(run, asked.why), "dropped")


def _each(
    asked: argparse.Namespace, shop: Shop, change: Callable[[Run], Change | Refused], done: str
) -> ExitCode:
    found = [change(run) for run in _chosen(asked, shop)]
    refused = [one for one in found if isinstance(one, Refused)]
    changes = [one for one in found if isinstance(one, Change)]
    moved = operator(shop).do(changes, shop.broker()) if asked.yes else []
    if asked.json:
        left = [
            {"run": one.run.id, "ticket": one.run.external_id, "why": one.why} for one in refused
        ]
        count = {done: len(moved), "would": 0 if asked.yes else len(changes)}
        print_json({**count, "runs": [run.id for run in moved], "refused": left})
    else:
        for one in refused:
            print(f"{one.run.external_id} is left alone: {one.why}")
        print(f"{len(moved)} {done}" if asked.yes else _preview(changes, done))
    lost = asked.yes and len(moved) < len(changes)
    return ExitCode.FAILED if lost or (refused and not changes) else ExitCode.DONE


def _preview(changes: Sequence[Change], done: str) -> str:
    if not changes:
        return f"nothing would be {done}"
    causes = Counter(str(change.before.reason) for change in changes)
    told = ", ".join(f"{count} {cause}" for cause, count in causes.most_common())
    return f"would be {done}: {told}; add --yes to do it"


def _chosen(asked: argparse.Namespace, shop: Shop) -> list[Run]:
    """The dead letters that were named or filtered; never all of them by accident."""
    filters = asked.all or asked.cause or asked.stage or asked.older
    if asked.ticket and filters:
        raise OperatorError("say either IDs or which kind: --cause, --stage, --older, --all")
    if asked.ticket:
        return [_dead(newest(shop, name)) for name in dict.fromkeys(asked.ticket)]
    if not filters:
        raise OperatorError("say which: an ID, --cause, --stage, --older, or --all")
    return _filtered(asked, shop)


def _dead(run: Run) -> Run:
    if run.state is not State.DEAD:
        raise OperatorError(f"{run.external_id} is no dead letter: it is {run.state}")
    return run


def _filtered(asked: argparse.Namespace, shop: Shop) -> list[Run]:
    until = shop.clock.now() - seconds(asked.older) if asked.older else None
    known(asked.cause, Cause, "cause of a dead letter")
    known(asked.stage, get_args(StageName), "stage")
    wanted = Filter(states=(State.DEAD,), reason=asked.cause, stage=asked.stage, until=until)
    return list(shop.ledger.runs(wanted))
