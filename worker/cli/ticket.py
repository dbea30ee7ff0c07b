"""`triage ticket list|show|retry`."""

import argparse
import getpass
import sys

from config.tiers import TIERS
from tasks.errors import OperatorError
from tasks.ports.ledger import Filter
from tasks.run import Run, State
from worker.cli.exit_codes import ExitCode
from worker.cli.output import dollars, known, print_json, print_table
from worker.cli.shop import newest, the_shop
from worker.cli.span import moment
from worker.compose import Shop, open_facts
from worker.operating.dossier import dossier
from worker.operating.moments import age, iso
from worker.operating.requeue import Operator, Refused


def list_tickets(asked: argparse.Namespace) -> ExitCode:
    """One row per run."""
    with the_shop() as shop:
        now = shop.clock.now()
        requester = shop.vault.requester(asked.requester) if asked.requester else None
        wanted = Filter(
            states=(State(asked.state),) if known(asked.state, State, "state") else (),
            queue=asked.queue,
            tier=known(asked.tier, TIERS, "tier"),
            requester=requester,
            prompt=asked.prompt,
            model=asked.model,
            since=moment(asked.since, now) if asked.since else None,
            limit=asked.limit,
            newest_first=True,
        )
        found = list(shop.ledger.runs(wanted))
    if len(found) == asked.limit:
        print(f"the newest {asked.limit}; for more say --limit N", file=sys.stderr)
    if asked.json:
        print_json([as_row(run) for run in found])
        return ExitCode.DONE
    print_table(
        ["ticket", "state", "tier", "issue_type", "prio", "queue", "why", "age"],
        [
            (
                run.external_id,
                f"{run.state}, backfill" if run.is_backfill else run.state,
                run.tier,
                run.issue_type,
                run.priority,
                run.queue,
                run.why or run.reason or run.outcome,
                age(now - run.ingested_at),
            )
            for run in found
        ],
    )
    return ExitCode.DONE


def as_row(run: Run) -> dict[str, object]:
    """A run for scripts."""
    return {
        "run": run.id,
        "ticket": run.external_id,
        "source": run.source,
        "backfill": run.is_backfill,
        "revision": run.revision,
        "state": str(run.state),
        "stage": run.stage,
        "tier": run.tier,
        "issue_type": run.issue_type,
        "priority": run.priority,
        "queue": run.queue,
        "outcome": str(run.outcome) if run.outcome else None,
        "reason": run.reason,
        "why": run.why,
        "prompt": run.prompt,
        "model": run.model,
        "cost_usd": run.micro_usd / 1e6,
        "ingested_at": iso(run.ingested_at),
        "routed_at": iso(run.routed_at),
    }


def show(asked: argparse.Namespace) -> ExitCode:
    """One page about one ticket's newest run."""
    with the_shop() as shop:
        run = newest(shop, asked.ticket)
        document = dossier(run, shop.ledger, shop.vault)
    if asked.json:
        print_json(document)
        return ExitCode.DONE
    _print(run, document)
    return ExitCode.DONE


def _print(run: Run, document: dict[str, object]) -> None:
    print(f"{run.external_id} (run {run.id}, revision {run.revision} from {run.source})")
    print(f"{run.state}: {run.why or run.reason or run.outcome or ''}".rstrip(": "))
    print(f"stage {run.stage}, tier {run.tier}, cost {dollars(run.micro_usd)}")
    if run.issue_type:
        priority, queue = run.priority or "none", run.queue or "none"
        print(f"issue_type {run.issue_type}, priority {priority}, queue {queue}")
    if run.prompt:
        print(f"prompt {run.prompt}, model {run.model}")
    for heading, headers in SECTIONS.items():
        rows = document[heading]
        if isinstance(rows, list) and rows:
            print(f"\n{heading}")
            print_table(headers, [[row.get(header) for header in headers] for row in rows])
    texts = document["texts"]
    if isinstance(texts, dict):
        for name, text in texts.items():
            print(f"\n--- {name}\n{text}")


SECTIONS = {
    "events": ("at", "kind", "body"),
    "context": ("section", "tokens", "left_out"),
    "calls": (
        "at",
        "purpose",
        "model",
        "input_tokens",
        "output_tokens",
        "latency_seconds",
        "finish_reason",
    ),
    "decisions": ("field", "chosen", "runner_up", "rule"),
    "writes": ("target", "before", "wanted", "outcome", "holds"),
}


def retry(asked: argparse.Namespace) -> ExitCode:
    """Starts a waiting, dead or reviewed ticket again."""
    with the_shop() as shop:
        run = newest(shop, asked.ticket)
        found = operator(shop).requeue(run, force=asked.force)
        if isinstance(found, Refused):
            raise OperatorError(f"{run.external_id} is left alone: {found.why}")
        moved = operator(shop).do([found], shop.broker()) if asked.yes else []
    if asked.json:
        print_json({"moved": [one.id for one in moved], "would": 0 if asked.yes else 1})
    elif not asked.yes:
        print(f"would begin {run.external_id} again at {found.after.stage}; add --yes to do it")
    else:
        print(f"{len(moved)} begun again" if moved else "somebody else was faster: look again")
    return ExitCode.DONE if moved or not asked.yes else ExitCode.FAILED


def operator(shop: Shop) -> Operator:
    """Whoever sits at this shell."""
    return Operator(
        name=getpass.getuser(),
        ledger=shop.ledger,
        vault=shop.vault,
        config=shop.config,
        clock=shop.clock,
        facts=open_facts(shop.config, shop.clock),
        deliver=shop.deliver,
        residence=shop.residence,
    )
