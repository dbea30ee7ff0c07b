"""What may be said of reviews."""

import argparse

from worker.cli.declaring import Parsers, asks_yes, command, count, noun, signs

HANDLERS = "worker.cli.review"
DECIDING = "worker.cli.review_deciding"


def reviews(nouns: Parsers) -> None:
    """Looks at what waits for a person, decides."""
    verbs = noun(nouns, "review", "tickets that wait for a person: look, decide")
    listing = command(verbs, "list", f"{HANDLERS}:list_reviews", "what waits, due first", json=True)
    listing.add_argument("--all", action="store_true", help="also what people have by now")
    listing.add_argument("--owner", metavar="NAME", help="of alerts.toml: their issue types alone")
    listing.add_argument("--limit", type=count, default=50, help="at most (default 50)")
    show = command(verbs, "show", f"{HANDLERS}:show", "all there is to decide by", json=True)
    accept = command(
        verbs, "accept", f"{DECIDING}:accept", "write what was proposed, as it is", json=True
    )
    correct = command(verbs, "correct", f"{DECIDING}:correct", "write other values", json=True)
    give_back = command(
        verbs, "return", f"{DECIDING}:give_back", "decide nothing: to the fallback queue", json=True
    )
    for one in (show, accept, correct, give_back):
        one.add_argument("ticket", metavar="ID", help="a ticket's external id or a run id")
    correct.add_argument("--issue-type", metavar="NAME", help="default: as proposed")
    correct.add_argument(
        "--priority", type=_priority, metavar="N", help="1 (most urgent) to 4; default: as proposed"
    )
    correct.add_argument("--queue", help="default: that of the issue type")
    for one in (accept, correct):
        one.add_argument(
            "--escalate", metavar="CRITERION", help="call a person for it; none: call nobody"
        )
    for one in (accept, correct, give_back):
        one.add_argument(
            "--why", type=_short, metavar="TEXT", help="a word about it, kept for good"
        )
        signs(one)
        asks_yes(one)


def _priority(text: str) -> int:
    if text not in ("1", "2", "3", "4"):
        message = f"{text!r} is no priority: 1 (most urgent), 2, 3 or 4"
        raise argparse.ArgumentTypeError(message)
    return int(text)


LONGEST = 200


def _short(text: str) -> str:
    """It stands in an event and in a note: one line, and no ticket's text."""
    if not (0 < len(text.strip()) <= LONGEST and text.isprintable()):
        message = f"a reason is one line of at most {LONGEST} characters"
        raise argparse.ArgumentTypeError(message)
    return text.strip()
