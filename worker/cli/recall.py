"""`triage recall`: takes back what a prompt, a model or a bad night wrote; undoes that too."""

import argparse
import getpass
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from config.mode import Mode
from tasks.errors import OperatorError
from tasks.ports.ledger import Source
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table
from worker.cli.shop import the_shop
from worker.cli.span import moment
from worker.compose import Shop
from worker.operating.moments import iso
from worker.operating.recall.beginning import Beginning
from worker.operating.recall.choosing import Chosen, Intended, intend
from worker.operating.recall.doing import NOTHING, Done, carry_out
from worker.operating.recall.preview import Shown, preview

MOST_SHOWN = 20
WHY = "a wrong version wrote it"
BACK = "would be taken back"


def recall(asked: argparse.Namespace) -> ExitCode:
    """The plan; with --yes it is carried out. Without any condition, what was recalled before."""
    with the_shop() as shop:
        chosen = _chosen(asked, shop.clock.now())
        if not chosen.as_words():
            return _list(shop, asked)
        if asked.yes and asked.dry_run:
            raise OperatorError("say either --yes or --dry-run")
        intended = intend(shop.ledger, chosen, shop.residence)
        if asked.yes:
            return _do(asked, shop, chosen, intended)
        return _preview(asked, shop, intended)


def _chosen(asked: argparse.Namespace, now: float) -> Chosen:
    return Chosen(
        prompt=asked.prompt,
        model=asked.model,
        since=moment(asked.since, now) if asked.since else None,
        since_said=asked.since,
        batch=asked.batch,
    )


def _list(shop: Shop, asked: argparse.Namespace) -> ExitCode:
    if asked.yes or asked.dry_run or asked.why:
        raise OperatorError("name what is to be taken back: --prompt, --model, --since or --batch")
    found = [
        {
            "batch": one.id,
            "at": iso(one.at),
            "chosen": dict(one.chosen),
            "by": one.by,
            "why": one.why,
            "finished": one.finished,
        }
        for one in shop.ledger.recalls()
    ]
    if asked.json:
        print_json(found)
        return ExitCode.DONE
    headers = ("batch", "at", "what", "by", "why", "finished")
    print_table(
        headers, [[_words(one) if h == "what" else one[h] for h in headers] for one in found]
    )
    return ExitCode.DONE


def _words(found: Mapping[str, object]) -> str:
    chosen = found["chosen"]
    assert isinstance(chosen, dict)  # noqa: S101 - as it was made above
    return ", ".join(f"{name} {value}" for name, value in chosen.items())


def _preview(asked: argparse.Namespace, shop: Shop, intended: Intended) -> ExitCode:
    shown = preview(intended.tickets, shop.helpdesk, _said("looked at", len(intended.tickets)))
    left = [one for one in shown if one.why]
    careful = _careful(shop, intended)
    if asked.json:
        print_json(
            {
                "planned": len(shown) - len(left),
                "restored": 0,
                "skipped": len(left),
                "tickets": len(intended.tickets),
                "moving": intended.moving,
                "batch": None,
                "careful": {one.name: str(one.mode) for one in careful},
                "fields": [one.as_json() for one in shown],
            }
        )
        return ExitCode.DONE
    _print_plan(shown)
    for one in careful:
        print(_despite(one))
    restored = len(shown) - len(left)
    print(f"would restore {restored} fields and notes of {len(intended.tickets)} tickets,", end=" ")
    print(f"and leave {len(left)}; add --yes to do it")
    _warn_of_moving(intended)
    return ExitCode.DONE


def _careful(shop: Shop, intended: Intended) -> list[Source]:
    """Sources that it writes to though they may not do all: whoever says --yes has the last word.

    It is what one does after the writing was stopped in alarm.
    """
    mine = {ticket.run.source for ticket in intended.tickets if ticket.taking.steps}
    careful = (one for one in shop.ledger.sources() if one.mode is not Mode.AUTO)
    return [one for one in careful if one.name in mine]


def _despite(source: Source) -> str:
    told = "what a recall puts back is written there all the same"
    return f"{source.name} is in {source.mode}: {told}"


def _print_plan(shown: Sequence[Shown]) -> None:
    if not shown:
        return
    first = sorted(shown, key=lambda one: one.why is not None)  # what would be done
    rows = [
        (one.ticket, one.target, one.held, one.to, f"left: {one.why}" if one.why else BACK)
        for one in first[:MOST_SHOWN]
    ]
    print_table(["ticket", "what", "from", "to", ""], rows)
    if len(shown) > MOST_SHOWN:
        print(f"and {len(shown) - MOST_SHOWN} more: --json has them all")
    left = Counter(_alike(one.why, one.ticket) for one in shown if one.why)
    for why, count in left.most_common(MOST_SHOWN):
        print(f"{count} left: {why}")


def _alike(why: str, ticket: str) -> str:
    """Without the ticket's own name, which stands at an end of it: to be counted by."""
    return why.removeprefix(f"{ticket} ").removesuffix(f" {ticket}")


def _do(asked: argparse.Namespace, shop: Shop, chosen: Chosen, intended: Intended) -> ExitCode:
    beginning = Beginning(
        ledger=shop.ledger,
        vault=shop.vault,
        clock=shop.clock,
        by=getpass.getuser(),
        why=asked.why or WHY,
    )
    careful = _careful(shop, intended)
    for one in careful:
        print(_despite(one), file=sys.stderr)
    try:
        batch = beginning.begin(chosen, intended)
        done = carry_out(shop, batch, _tell) if batch else NOTHING
    except KeyboardInterrupt:
        print("\ninterrupted: give the same command again and it goes on", file=sys.stderr)
        return ExitCode.FAILED
    skipped = intended.left + sum(done.outcomes.values()) - done.restored
    if asked.json:
        print_json(
            {
                "planned": intended.planned,
                "restored": done.restored,
                "skipped": skipped,
                "tickets": len(intended.tickets),
                "moving": intended.moving,
                "batch": batch.id if batch else None,
                "careful": {one.name: str(one.mode) for one in careful},
                "outcomes": dict(done.outcomes),
                "waiting": dict(done.waiting),
                "failed": done.failed,
            }
        )
    else:
        _print_done(done, skipped)
        if batch and done.restored:
            print(f"to undo it: triage recall --batch {batch.id} --yes")
    _warn_of_moving(intended)
    return ExitCode.DONE if done.through else ExitCode.NEEDS_YOU


def _print_done(done: Done, skipped: int) -> None:
    print(f"{done.restored} fields and notes restored, {skipped} left as they are")
    if kept := done.outcomes.get("kept"):
        print(f"{kept} of those hold what a person has chosen")
    if gone := done.outcomes.get("gone"):
        print(f"{gone} of those are on tickets that are closed or gone")
    if done.waiting:
        told = ", ".join(f"{count} {reason}" for reason, count in done.waiting.items())
        print(f"not through: {told}; mend it and give the same command again")
    if done.failed:
        print(f"{done.failed} failed: triage dead list --stage recall")


def _warn_of_moving(intended: Intended) -> None:
    if intended.moving:
        told = f"{intended.moving} tickets of it are not written yet, and will be"
        print(f"{told}: pause the fleet, or recall again", file=sys.stderr)


def _tell(through: int, of: int) -> None:
    _said("taken back", of)(through)


def _said(what: str, of: int) -> Callable[[int], None]:
    def say(count: int) -> None:
        if sys.stderr.isatty():
            print(f"\r{count} of {of} tickets {what} ", end="", file=sys.stderr)

    return say
