"""What may be said of how much is right."""

from worker.cli.declaring import Parsers, command, noun, signs


def truths(nouns: Parsers) -> None:
    """Says how much is right, and asks people."""
    truth = command(
        nouns,
        "truth",
        "worker.cli.truth:truth",
        "how much was decided rightly, and how much nobody looked at",
        json=True,
    )
    truth.add_argument("--since", default="7d", help="decided since: 7d (default), 2026-11-20")
    truth.add_argument("--by", help="field: all types together; type: all fields together")
    truth.add_argument(
        "--watch",
        action="store_true",
        help="whether people correct more than they did; exit code 3 when that is an alarm",
    )
    verbs = noun(nouns, "audit", "label tickets that chance has chosen, without their answer")
    following = command(
        verbs,
        "next",
        "worker.cli.audit:show_next",
        "the oldest one that nobody has labelled",
        json=True,
    )
    label = command(
        verbs, "label", "worker.cli.audit:keep_label", "say what it should be", json=True
    )
    label.add_argument("ticket", metavar="ID", help="external id or run id")
    label.add_argument("--issue-type", metavar="TYPE", help="as the taxonomy has it")
    label.add_argument("--priority", metavar="N", help="1 (most urgent) to 4")
    label.add_argument("--queue", metavar="QUEUE", help="as the taxonomy has it")
    for one in (following, label):
        signs(one)
