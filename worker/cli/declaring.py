"""How commands are declared: nouns, verbs, and what several of them take."""

import argparse
from typing import TypeAlias

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
MOST_ROWS = 1_000_000


def count(text: str) -> int:
    """Argparse: a number of rows."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= MOST_ROWS):
        message = f"{text!r} is no number from 1 to {MOST_ROWS:,}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def limit(text: str) -> int:
    """Zero for no limit."""
    return 0 if text == "none" else count(text)


def noun(nouns: Parsers, name: str, what: str) -> Parsers:
    """A command that is followed by a verb."""
    parser = nouns.add_parser(name, help=what, description=what, allow_abbrev=False)
    return parser.add_subparsers(title="verbs", metavar="VERB", required=True)


def command(
    parsers: Parsers,
    name: str,
    handler: str,
    what: str,
    *,
    json: bool = False,
) -> argparse.ArgumentParser:
    """A command, and the function that carries it out."""
    parser = parsers.add_parser(name, help=what, description=what, allow_abbrev=False)
    parser.set_defaults(handler=handler)
    if json:
        parser.add_argument("--json", action="store_true", help="for scripts")
    return parser


def asks_yes(parser: argparse.ArgumentParser) -> None:
    """It changes something, and so does it only when told to."""
    parser.add_argument(
        "--yes", action="store_true", help="do it; without it, say what would be done"
    )
