"""How commands are declared: nouns, verbs, and what several of them take."""

import argparse
from typing import TypeAlias

Parsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
MOST_ROWS = 1_000_000
LONGEST_NAME = 60
MACHINE = "triage-fleet"
"""What the fleet calls itself in a helpdesk."""


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
    parser.set_defaults(handler=handler, refuse=parser.error)
    if json:
        parser.add_argument("--json", action="store_true", help="for scripts")
    return parser


def signs(parser: argparse.ArgumentParser) -> None:
    """It keeps who says so."""
    parser.add_argument(
        "--as",
        dest="by",
        type=_person,
        metavar="NAME",
        help="who says so (default: this account's name)",
    )


def _person(text: str) -> str:
    name = text.strip()
    if not name:
        message = "a person has a name: this one is empty"
        raise argparse.ArgumentTypeError(message)
    if not (len(name) <= LONGEST_NAME and name.isprintable()) or name == MACHINE:
        message = f"a person's name is one line of at most {LONGEST_NAME} characters, not {MACHINE}"
        raise argparse.ArgumentTypeError(message)
    return name


def asks_yes(parser: argparse.ArgumentParser) -> None:
    """It changes something, and so does it only when told to."""
    parser.add_argument(
        "--yes", action="store_true", help="do it; without it, say what would be done"
    )
