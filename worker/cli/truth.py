"""`triage truth`: how much is right, as far as people say, and whether that is getting worse."""

import argparse
from math import exp

from tasks.watching import Judged
from worker.cli.exit_codes import ExitCode
from worker.cli.output import known, print_json, print_table
from worker.cli.shop import the_shop
from worker.cli.span import moment
from worker.ledgers.measuring import judge
from worker.operating.agreement import Agreement
from worker.operating.exact import exact
from worker.operating.truth import Audited, Row, Truth, measure

BY = ("field", "type")


def truth(asked: argparse.Namespace) -> ExitCode:
    """Accuracy with its interval, and beside it the share that nobody looked at."""
    if asked.watch:
        return _watch(asked)
    by = known(asked.by, BY, "way to group")
    with the_shop() as shop:
        found = measure(shop, moment(asked.since, shop.clock.now()), by)  # type: ignore[arg-type]
    if asked.json:
        print_json(found.as_json())
        return ExitCode.DONE
    _print(found, asked.since)
    return ExitCode.DONE


def _print(found: Truth, since: str) -> None:
    if not any(row.decided for row in found.rows):
        print(f"nothing was decided since {since}: say --since 30d")
        return
    headers = ["field", "issue type", "decided", "corrected", "reviewed", "wrong"]
    print_table(
        [*headers, "right at most", "95 % interval", "nobody looked at"],
        [_cells(row) for row in found.rows],
    )
    if any(row.reviewed for row in found.rows):
        print("decided: by the fleet, or proposed by it where a person decided in review")
    if not found.labelled:
        print("\nnobody has said anything of these yet, so nobody knows how many are right:")
        print("people correct them in the helpdesk, or label a few: `triage audit next`")
    print()
    _print_audit(found)
    if found.judge:
        print_table(
            ["issue type", "prompt", "judge", "judged", "agreed", "95 % interval"],
            [_heard(one) for one in found.judge],
        )


def _heard(one: Agreement) -> tuple[object, ...]:
    low, high = one.agreed.interval
    share = f"{one.agreed.value:.1%}"
    span = f"{low:.1%} to {high:.1%}"
    return one.issue_type, one.prompt, one.judge, one.agreed.of, share, span


def _cells(row: Row) -> tuple[object, ...]:
    low, high = row.right.interval
    return (
        row.field or "any",
        row.issue_type or "all",
        row.decided,
        row.corrected,
        row.reviewed,
        row.wrong,
        f"{row.right.value:.1%}" if row.decided else None,
        f"{low:.1%} to {high:.1%}" if row.decided else None,
        f"{row.unseen.value:.1%}" if row.decided else None,
    )


def _print_audit(found: Truth) -> None:
    whole = found.audit[-1].right
    if not whole.of:
        chosen = f"{found.chosen} tickets are chosen for it" if found.share else "it is off"
        print(f"audit: nothing is labelled, {chosen}; `triage audit next` shows one")
    else:
        print(f"audit: {whole.of} of {found.chosen} tickets that chance chose are labelled")
        for one in found.audit:
            print(f"  {_audited(one)}")
    print(f"at the volume of the last 7 days: {found.per_day:.1f} tickets a day", end="")
    if whole.of:
        about, low, high = found.wrong_a_day
        print(
            f", of which about {about:.1f} ({low:.1f} to {high:.1f}) have something wrong", end=""
        )
    print()


def _audited(one: Audited) -> str:
    name = one.field or "whole tickets"
    if not one.right.of:
        return f"{name}: nobody has said"
    low, high = exact(one.right)
    of = f"{one.right.hits} of {one.right.of} right"
    return f"{name}: {one.right.value:.1%} (95 %: {low:.1%} to {high:.1%}), {of}"


def _watch(asked: argparse.Namespace) -> ExitCode:
    """Whether people correct more than they did; exit code 3 when that is an alarm."""
    with the_shop() as shop:
        rule = shop.config.policy.watch
        found = judge(shop.ledger.engine, shop.clock.now(), rule)
    alarms = [one for one in found if one.alarms]
    if asked.json:
        print_json({"judged": [_judged(one) for one in found], "alarms": len(alarms)})
    elif not found:
        print("nothing was decided lately: there is nothing to watch")
    else:
        print_table(
            ["field", "issue type", "tickets", "corrected", "put up with", "evidence", "alarm at"],
            [_line(one) for one in found],
        )
        if all(one.usual is None for one in found):
            least = rule.least_past
            print(f"learning: it takes {least} tickets that are older than the ones it watches")
        for one in alarms:
            print(f"ALARM {one.field}, {_which(one)}: corrected more often than it was")
    return ExitCode.NEEDS_YOU if alarms else ExitCode.DONE


def _which(one: Judged) -> str:
    return f"moved to {one.issue_type}" if one.missing else one.issue_type


def _line(one: Judged) -> tuple[object, ...]:
    is_known = one.usual is not None
    return (
        one.field,
        _which(one),
        one.tickets,
        one.wrong,
        f"{one.usual:.2%}" if is_known else None,
        f"{exp(max(one.peak, 0.0)):,.0f}" if is_known else "learning",
        f"{exp(one.bound):,.0f}",
    )


def _judged(one: Judged) -> dict[str, object]:
    return {
        "field": one.field,
        "issue_type": one.issue_type,
        "missing": one.missing,
        "tickets": one.tickets,
        "corrected": one.wrong,
        "usual": one.usual,
        "evidence": None if one.usual is None else exp(one.peak),
        "alarm_at": exp(one.bound),
        "alarm": one.alarms,
    }
