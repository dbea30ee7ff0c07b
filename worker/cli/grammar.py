"""What may be said on the command line. Nothing heavy is imported here: help must be instant."""

import argparse

from worker.cli.declaring import Parsers, asks_yes, command, count, limit, noun
from worker.cli.guard_grammar import alerts, guards
from worker.cli.review_grammar import reviews
from worker.cli.spend_grammar import spending
from worker.cli.ticket_grammar import dead, forgetting, recalling, tickets
from worker.cli.truth_grammar import truths

TIERS = ("economy", "standard", "premium")
STAGES = ("enrich", "classify", "validate", "write")
MODES = ("auto", "suggest", "shadow")
EPILOG = """\
Start with `triage run`: it triages a sample inbox on an embedded fleet and tells what happened.
Settings come from the environment (TRIAGE_HOME, TRIAGE_BROKER_URL, TRIAGE_LEDGER_URL,
TRIAGE_CONFIG, TRIAGE_MODEL …); docs/interface.md lists them all.
Exit codes: 0 done, 1 failed, 2 usage, 3 books differ or tickets overdue, 4 refused to start."""


def grammar() -> argparse.ArgumentParser:
    """Every command with its options and help."""
    top = argparse.ArgumentParser(
        prog="triage",
        description="Triage Fleet routes support tickets with language models and keeps the books.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    nouns = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for declare in (
        _running,
        _looking,
        _pausing,
        spending,
        guards,
        alerts,
        _breakers,
        tickets,
        reviews,
        dead,
        truths,
        recalling,
        forgetting,
        _sources,
        _helpdesk,
        _setting_up,
        _simulating,
    ):
        declare(nouns)
    return top


def _running(nouns: Parsers) -> None:
    run = command(
        nouns,
        "run",
        "worker.cli.run:run",
        "start a fleet, triage SOURCE, report, stop everything",
        json=True,
    )
    run.add_argument("source", nargs="?", metavar="SOURCE", help="file:PATH (default: the sample)")
    up = command(
        nouns,
        "up",
        "worker.cli.up:up",
        "start a fleet and keep it running until Ctrl-C or SIGTERM",
    )
    up.add_argument("source", nargs="?", metavar="SOURCE", help="a source to poll on a schedule")
    intake = command(
        nouns, "intake", "worker.cli.intake:intake", "poll SOURCE once, for cron", json=True
    )
    intake.add_argument("source", nargs="?", metavar="SOURCE", help="file:PATH or helpdesk")
    intake.add_argument(
        "--since", help="a helpdesk's open tickets from before its first poll: 30d, 2026-11-20"
    )
    intake.add_argument(
        "--dry-run", action="store_true", help="decide about new tickets, keep and write nothing"
    )
    intake.add_argument("--limit", type=count, default=20, help="most of a dry run (default 20)")
    intake.add_argument("--yes", action="store_true", help="with --since: do it")

    backfill = command(
        nouns,
        "backfill",
        "worker.cli.backfill:backfill",
        "triage what people have closed, write nothing, compare",
        json=True,
    )
    backfill.add_argument("--since", default="30d", help="closed since: 30d (default), 2026-10-01")
    backfill.add_argument(
        "--shadow", action="store_true", help="nothing is written: the only way there is"
    )
    backfill.add_argument("--report", action="store_true", help="only what came of it so far")
    asks_yes(backfill)


def _looking(nouns: Parsers) -> None:
    command(
        nouns, "status", "worker.cli.status:status", "workers, oldest ticket, alerts", json=True
    )
    books = command(
        nouns, "books", "worker.cli.books:books", "where every ticket ever seen is", json=True
    )
    books.add_argument(
        "--repair", action="store_true", help="send again at once what the broker lacks"
    )
    books.add_argument("--deep", action="store_true", help="also fold every event as a third count")


def _pausing(nouns: Parsers) -> None:
    pause = command(
        nouns, "pause", "worker.cli.pause:pause", "begin nothing any more, fleet-wide", json=True
    )
    pause.add_argument("--why", metavar="TEXT", default="no reason given", help="the reason")
    resume = command(
        nouns, "resume", "worker.cli.pause:resume", "let it go on within seconds", json=True
    )
    for one in (pause, resume):
        one.add_argument(
            "scope",
            nargs="?",
            default="all",
            choices=("all", *TIERS, *STAGES),
            metavar="WHAT",
            help=f"a tier ({', '.join(TIERS)}), a stage ({', '.join(STAGES)}) or all (default)",
        )


def _breakers(nouns: Parsers) -> None:
    verbs = noun(nouns, "breaker", "what is left alone because it fails, or by an operator")
    handlers = "worker.cli.breaker"
    command(verbs, "list", f"{handlers}:list_breakers", "every breaker, how it stands", json=True)
    trip = command(
        verbs, "trip", f"{handlers}:trip_breaker", "ask it nothing until it is reset", json=True
    )
    reset = command(
        verbs, "reset", f"{handlers}:reset_breaker", "lift its trip and close it", json=True
    )
    for one in (trip, reset):
        one.add_argument("breaker", metavar="BREAKER", help="as `list` has it")
        one.add_argument("--why", metavar="TEXT", required=True, help="the reason")
        asks_yes(one)


def _sources(nouns: Parsers) -> None:
    verbs = noun(nouns, "source", "how far each source is trusted")
    command(
        verbs, "list", "worker.cli.source:list_sources", "sources, and what they may do", json=True
    )
    change = command(
        verbs, "set", "worker.cli.source:set_source", "change what a source may do", json=True
    )
    change.add_argument("source", metavar="NAME", help="as `list` has it, or helpdesk")
    change.add_argument(
        "--mode",
        choices=MODES,
        help="auto: fields and notes; suggest: one note; shadow: nothing",
    )
    change.add_argument(
        "--per-hour", type=limit, metavar="N", help="most tickets that begin, or none: no limit"
    )
    change.add_argument("--why", metavar="TEXT", default="no reason given", help="the reason")
    asks_yes(change)


def _helpdesk(nouns: Parsers) -> None:
    connect = command(
        nouns,
        "connect",
        "worker.cli.connect:connect",
        "whether a helpdesk is ready",
        json=True,
    )
    connect.add_argument("kind", metavar="KIND", help="rt or roundup")
    connect.add_argument(
        "--setup", action="store_true", help="print what makes it ready, for the helpdesk itself"
    )
    verbs = noun(nouns, "helpdesk", "the embedded helpdesk: look, play a person or a customer")
    show = command(
        verbs, "show", "worker.cli.helpdesk:show", "fields, notes and history", json=True
    )
    edit = command(
        verbs, "edit", "worker.cli.helpdesk:edit", "change a field as a person does", json=True
    )
    reply = command(
        verbs, "reply", "worker.cli.helpdesk:reply", "write again as the customer", json=True
    )
    for one in (show, edit, reply):
        one.add_argument("ticket", metavar="ID", help="the ticket's external id")
    edit.add_argument("field", metavar="FIELD", help="issue_type, priority, queue or escalated")
    edit.add_argument("value", metavar="VALUE")
    edit.add_argument("--as", dest="author", required=True, metavar="NAME", help="who edits")
    edit.add_argument(
        "--force", action="store_true", help="also a value that the taxonomy does not have"
    )
    reply.add_argument("text", metavar="TEXT")


def _setting_up(nouns: Parsers) -> None:
    init = command(
        nouns, "init", "worker.cli.init:init", "propose a taxonomy from past tickets", json=True
    )
    init.add_argument(
        "--from", dest="source", required=True, metavar="SOURCE", help="rt, roundup or csv:FILE"
    )
    init.add_argument(
        "--dir", metavar="DIR", default="triage-config", help="where to (default triage-config)"
    )
    init.add_argument("--since", metavar="SPAN", help="closed in the last 90d (default 365d)")
    init.add_argument("--limit", type=count, metavar="N", help="most tickets (default 5000)")
    init.add_argument("--fallback", metavar="QUEUE", help="where people find the undecided")
    asks_yes(init)
    command(
        nouns, "check", "worker.cli.check:check", "validate settings and connections", json=True
    )
    backup = command(
        nouns, "backup", "worker.cli.backup:make", "the whole ledger into one file", json=True
    )
    restore = command(
        nouns, "restore", "worker.cli.backup:bring_back", "a backup into an empty ledger", json=True
    )
    for one in (backup, restore):
        one.add_argument("file", metavar="FILE")
    command(nouns, "migrate", "worker.cli.migrate:migrate", "bring the ledger's schema up to date")


def _simulating(nouns: Parsers) -> None:
    simulate = command(
        nouns,
        "simulate-provider",
        "worker.cli.simulate:simulate",
        "made-up model providers for trials, with faults",
        json=True,
    )
    simulate.add_argument(
        "--provider",
        action="append",
        metavar="NAME",
        help="NAME or NAME=PORT, several times (default: those of the tiers' models, from 8801 on)",
    )
    simulate.add_argument(
        "--profile",
        metavar="SPEC",
        default="ok",
        help="what they play: error_500:0.8, or '0s ok; 60s hang'",
    )
    simulate.add_argument("--seed", type=int, default=0, metavar="N", help="of chance (default 0)")
    simulate.add_argument(
        "--latency", metavar="SPEC", default="0", help="seconds: 0.5, 0.2-0.8 or p50=0.8,p99=4"
    )
    simulate.add_argument("--answers", metavar="FILE", help="JSON lines: a text and its verdict")
    simulate.add_argument("--log", metavar="FILE", help="a JSON line for each request is added")
    simulate.add_argument(
        "--host", default="127.0.0.1", help="where to listen (default 127.0.0.1: this machine)"
    )
    simulate.add_argument("--list", action="store_true", help="every fault, and what it does")
