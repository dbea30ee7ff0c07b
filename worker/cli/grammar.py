"""What may be said on the command line. Nothing heavy is imported here: help must be instant."""

import argparse
from typing import TypeAlias

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
TIERS = ("economy", "standard", "premium")
STAGES = ("enrich", "classify", "validate", "write")
MODES = ("auto", "suggest", "shadow")
MOST_ROWS = 1_000_000
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
        _tickets,
        _dead,
        _recalling,
        _sources,
        _helpdesk,
        _setting_up,
    ):
        declare(nouns)
    return top


def _running(nouns: Parsers) -> None:
    run = _command(
        nouns,
        "run",
        "worker.cli.run:run",
        "start a fleet, triage SOURCE, report, stop everything",
        json=True,
    )
    run.add_argument("source", nargs="?", metavar="SOURCE", help="file:PATH (default: the sample)")
    up = _command(
        nouns,
        "up",
        "worker.cli.up:up",
        "start a fleet and keep it running until Ctrl-C or SIGTERM",
    )
    up.add_argument("source", nargs="?", metavar="SOURCE", help="a source to poll on a schedule")
    intake = _command(
        nouns, "intake", "worker.cli.intake:intake", "poll SOURCE once, for cron", json=True
    )
    intake.add_argument("source", nargs="?", metavar="SOURCE", help="file:PATH or helpdesk")
    intake.add_argument(
        "--since", help="a helpdesk's open tickets from before its first poll: 30d, 2026-11-20"
    )
    intake.add_argument(
        "--dry-run", action="store_true", help="decide about new tickets, keep and write nothing"
    )
    intake.add_argument("--limit", type=_count, default=20, help="most of a dry run (default 20)")
    intake.add_argument("--yes", action="store_true", help="with --since: do it")

    backfill = _command(
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
    _asks_yes(backfill)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_ROWS):
        message = f"{text!r} is no number from 1 to {MOST_ROWS:,}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _limit(text: str) -> int:
    """Zero for no limit."""
    return 0 if text == "none" else _count(text)


def _looking(nouns: Parsers) -> None:
    _command(
        nouns, "status", "worker.cli.status:status", "workers, oldest ticket, alerts", json=True
    )
    books = _command(
        nouns, "books", "worker.cli.books:books", "where every ticket ever seen is", json=True
    )
    books.add_argument(
        "--repair", action="store_true", help="send again at once what the broker lacks"
    )
    books.add_argument("--deep", action="store_true", help="also fold every event as a third count")


def _pausing(nouns: Parsers) -> None:
    pause = _command(
        nouns, "pause", "worker.cli.pause:pause", "begin nothing any more, fleet-wide", json=True
    )
    pause.add_argument("--why", metavar="TEXT", default="no reason given", help="the reason")
    resume = _command(
        nouns, "resume", "worker.cli.pause:resume", "let it go on within seconds", json=True
    )
    for command in (pause, resume):
        command.add_argument(
            "scope",
            nargs="?",
            default="all",
            choices=("all", *TIERS, *STAGES),
            metavar="WHAT",
            help=f"a tier ({', '.join(TIERS)}), a stage ({', '.join(STAGES)}) or all (default)",
        )


def _tickets(nouns: Parsers) -> None:
    verbs = _noun(nouns, "ticket", "look at tickets, try them again")
    listing = _command(
        verbs, "list", "worker.cli.ticket:list_tickets", "tickets by where they are", json=True
    )
    for name, what in (
        ("--state", "queued, running, waiting, in_review, written, dead or dropped"),
        ("--queue", "the helpdesk queue that was chosen"),
        ("--tier", "economy, standard or premium"),
        ("--requester", "the customer's e-mail address"),
        ("--prompt", "the prompt's version"),
        ("--model", "the model that was asked last"),
        ("--since", "ingested since: 2h, 3d or 2026-11-20T08:00"),
    ):
        listing.add_argument(name, help=what)
    listing.add_argument("--limit", type=_count, default=100, help="most rows (default 100)")
    show = _command(
        verbs, "show", "worker.cli.ticket:show", "everything about one ticket", json=True
    )
    retry = _command(
        verbs, "retry", "worker.cli.ticket:retry", "begin again now, with fresh budgets", json=True
    )
    replay = _command(
        verbs,
        "replay",
        "worker.cli.replay:replay",
        "ask again about the recorded input, write nothing, show the difference",
        json=True,
    )
    for command in (show, retry, replay):
        command.add_argument("ticket", metavar="ID", help="external id or run id")
    _asks_yes(retry)
    retry.add_argument("--force", action="store_true", help="also for the third time and more")
    replay.add_argument("--prompt", metavar="V", help="a prompt file's name or version")
    replay.add_argument("--model", metavar="M", help="a model that config names")


def _dead(nouns: Parsers) -> None:
    verbs = _noun(nouns, "dead", "dead letters: look, requeue, drop")
    listing = _command(verbs, "list", "worker.cli.dead:list_dead", "dead letters", json=True)
    listing.add_argument("--group", action="store_true", help="one row per cause and stage")
    show = _command(verbs, "show", "worker.cli.ticket:show", "everything about one", json=True)
    show.add_argument("ticket", metavar="ID", help="external id or run id")
    requeue = _command(
        verbs, "requeue", "worker.cli.dead:requeue", "try again with fresh budgets", json=True
    )
    requeue.add_argument("--force", action="store_true", help="also for the third time and more")
    drop = _command(verbs, "drop", "worker.cli.dead:drop", "nobody needs these", json=True)
    drop.add_argument("--why", required=True, help="the reason, kept in the ledger")
    for command in (requeue, drop):
        command.add_argument("ticket", nargs="*", metavar="ID", help="external ids or run ids")
        command.add_argument("--all", action="store_true", help="every dead letter")
        _asks_yes(command)
    for command in (listing, requeue, drop):
        command.add_argument("--cause", help="only of this cause")
        command.add_argument("--stage", help="only of this stage")
        command.add_argument("--older", metavar="AGE", help="dead for longer than 30m, 2h, 3d")


def _recalling(nouns: Parsers) -> None:
    recall = _command(
        nouns,
        "recall",
        "worker.cli.recall:recall",
        "take back what a bad version wrote; alone: past recalls",
        json=True,
    )
    for name, value, what in (
        ("--prompt", "V", "written by this version of the prompt"),
        ("--model", "M", "written by this model"),
        ("--since", "SINCE", "written since: 2h, 3d or 2026-11-20T08:00"),
        ("--batch", "BATCH", "a recall: what it took back counts again"),
    ):
        recall.add_argument(name, metavar=value, help=what)
    recall.add_argument("--why", metavar="TEXT", help="the reason, for people in the helpdesk")
    recall.add_argument(
        "--dry-run", action="store_true", help="only say what would be done, as without --yes"
    )
    _asks_yes(recall)


def _sources(nouns: Parsers) -> None:
    verbs = _noun(nouns, "source", "how far each source is trusted")
    _command(
        verbs, "list", "worker.cli.source:list_sources", "sources, and what they may do", json=True
    )
    change = _command(
        verbs, "set", "worker.cli.source:set_source", "change what a source may do", json=True
    )
    change.add_argument("source", metavar="NAME", help="as `list` has it, or helpdesk")
    change.add_argument(
        "--mode",
        choices=MODES,
        help="auto: fields and notes; suggest: one note; shadow: nothing",
    )
    change.add_argument(
        "--per-hour", type=_limit, metavar="N", help="most tickets that begin, or none: no limit"
    )
    change.add_argument("--why", metavar="TEXT", default="no reason given", help="the reason")
    _asks_yes(change)


def _helpdesk(nouns: Parsers) -> None:
    connect = _command(
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
    verbs = _noun(nouns, "helpdesk", "the embedded helpdesk: look, play a person or a customer")
    show = _command(
        verbs, "show", "worker.cli.helpdesk:show", "fields, notes and history", json=True
    )
    edit = _command(
        verbs, "edit", "worker.cli.helpdesk:edit", "change a field as a person does", json=True
    )
    reply = _command(
        verbs, "reply", "worker.cli.helpdesk:reply", "write again as the customer", json=True
    )
    for command in (show, edit, reply):
        command.add_argument("ticket", metavar="ID", help="the ticket's external id")
    edit.add_argument("field", metavar="FIELD", help="issue_type, priority, queue or escalated")
    edit.add_argument("value", metavar="VALUE")
    edit.add_argument("--as", dest="author", required=True, metavar="NAME", help="who edits")
    reply.add_argument("text", metavar="TEXT")


def _setting_up(nouns: Parsers) -> None:
    init = _command(
        nouns, "init", "worker.cli.init:init", "propose a taxonomy from past tickets", json=True
    )
    init.add_argument(
        "--from", dest="source", required=True, metavar="SOURCE", help="rt, roundup or csv:FILE"
    )
    init.add_argument(
        "--dir", metavar="DIR", default="triage-config", help="where to (default triage-config)"
    )
    init.add_argument("--since", metavar="SPAN", help="closed in the last 90d (default 365d)")
    init.add_argument("--limit", type=_count, metavar="N", help="most tickets (default 5000)")
    init.add_argument("--fallback", metavar="QUEUE", help="where people find the undecided")
    _asks_yes(init)
    _command(
        nouns, "check", "worker.cli.check:check", "validate settings and connections", json=True
    )
    backup = _command(
        nouns, "backup", "worker.cli.backup:make", "the whole ledger into one file", json=True
    )
    restore = _command(
        nouns, "restore", "worker.cli.backup:bring_back", "a backup into an empty ledger", json=True
    )
    for command in (backup, restore):
        command.add_argument("file", metavar="FILE")
    _command(nouns, "migrate", "worker.cli.migrate:migrate", "bring the ledger's schema up to date")


def _noun(nouns: Parsers, name: str, what: str) -> Parsers:
    parser = nouns.add_parser(name, help=what, description=what, allow_abbrev=False)
    return parser.add_subparsers(title="verbs", metavar="VERB", required=True)


def _command(
    parsers: Parsers,
    name: str,
    handler: str,
    what: str,
    *,
    json: bool = False,
) -> argparse.ArgumentParser:
    parser = parsers.add_parser(name, help=what, description=what, allow_abbrev=False)
    parser.set_defaults(handler=handler)
    if json:
        parser.add_argument("--json", action="store_true", help="for scripts")
    return parser


def _asks_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--yes", action="store_true", help="do it; without it, say what would be done"
    )
