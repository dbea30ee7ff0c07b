"""What may be said about guards and alerts."""

from worker.cli.declaring import Parsers, asks_yes, command, noun

GUARDS = ("breaker", "retry_budget", "rate_limits", "money")
"""As config.guards has them, which takes too long to import for a help text."""


def guards(nouns: Parsers) -> None:
    """Switches guards off for a while, and on again."""
    verbs = noun(nouns, "guard", "guards that are off, until when, and why")
    command(verbs, "list", "worker.cli.guard:list_guards", "every guard, on or off", json=True)
    off = command(
        verbs, "off", "worker.cli.guard:off", "do without it for a while, fleet-wide", json=True
    )
    on = command(verbs, "on", "worker.cli.guard:on", "have it guard again", json=True)
    for one in (off, on):
        one.add_argument("guard", choices=GUARDS, metavar="GUARD", help=", ".join(GUARDS))
        asks_yes(one)
    off.add_argument(
        "--for", dest="span", metavar="SPAN", required=True, help="90s, 30m, 2h; 24h at most"
    )
    off.add_argument("--why", required=True, metavar="TEXT", help="the reason, shown to everybody")


def alerts(nouns: Parsers) -> None:
    """Tries the channels."""
    verbs = noun(nouns, "alert", "try how alerts leave")
    test = command(
        verbs, "test", "worker.cli.alert:test", "send one test alert to every channel", json=True
    )
    asks_yes(test)
