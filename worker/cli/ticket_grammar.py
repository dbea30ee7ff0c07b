"""What may be said of tickets, dead letters and recalls."""

from worker.cli.declaring import Parsers, asks_yes, command, count, noun


def tickets(nouns: Parsers) -> None:
    """Looks at tickets, tries them again."""
    verbs = noun(nouns, "ticket", "look at tickets, try them again")
    listing = command(
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
    listing.add_argument("--limit", type=count, default=100, help="most rows (default 100)")
    show = command(
        verbs, "show", "worker.cli.ticket:show", "everything about one ticket", json=True
    )
    retry = command(
        verbs, "retry", "worker.cli.ticket:retry", "begin again now, with fresh budgets", json=True
    )
    replay = command(
        verbs,
        "replay",
        "worker.cli.replay:replay",
        "ask again about the recorded input, write nothing, show the difference",
        json=True,
    )
    golden = command(
        verbs,
        "golden",
        "worker.cli.golden:make",
        "make a golden case of it, scrubbed, which `make test` runs",
        json=True,
    )
    asks_yes(golden)
    for one in (show, retry, replay, golden):
        one.add_argument("ticket", metavar="ID", help="external id or run id")
    asks_yes(retry)
    retry.add_argument("--force", action="store_true", help="also for the third time and more")
    replay.add_argument("--prompt", metavar="V", help="a prompt file's name or version")
    replay.add_argument("--model", metavar="M", help="a model that config names")


def dead(nouns: Parsers) -> None:
    """Looks at dead letters, requeues and drops them."""
    verbs = noun(nouns, "dead", "dead letters: look, requeue, drop")
    listing = command(verbs, "list", "worker.cli.dead:list_dead", "dead letters", json=True)
    listing.add_argument("--group", action="store_true", help="one row per cause and stage")
    show = command(verbs, "show", "worker.cli.ticket:show", "everything about one", json=True)
    show.add_argument("ticket", metavar="ID", help="external id or run id")
    requeue = command(
        verbs, "requeue", "worker.cli.dead:requeue", "try again with fresh budgets", json=True
    )
    requeue.add_argument("--force", action="store_true", help="also for the third time and more")
    drop = command(verbs, "drop", "worker.cli.dead:drop", "nobody needs these", json=True)
    drop.add_argument("--why", required=True, help="the reason, kept in the ledger")
    for one in (requeue, drop):
        one.add_argument("ticket", nargs="*", metavar="ID", help="external ids or run ids")
        one.add_argument("--all", action="store_true", help="every dead letter")
        asks_yes(one)
    for one in (listing, requeue, drop):
        one.add_argument("--cause", help="only of this cause")
        one.add_argument("--stage", help="only of this stage")
        one.add_argument("--older", metavar="AGE", help="dead for longer than 30m, 2h, 3d")


def forgetting(nouns: Parsers) -> None:
    """Lets go of what somebody said."""
    forget = command(
        nouns,
        "forget",
        "worker.cli.forget:forget_requester",
        "delete what a requester said, and the key to any copy",
        json=True,
    )
    forget.add_argument("--requester", metavar="EMAIL", required=True, help="whose")
    asks_yes(forget)


def recalling(nouns: Parsers) -> None:
    """Takes back what was written."""
    recall = command(
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
    asks_yes(recall)
