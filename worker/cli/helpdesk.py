"""`triage helpdesk show|edit|reply`: the embedded helpdesk, played by a person or a customer."""

import argparse

from tasks.errors import OperatorError
from tasks.ports.helpdesk import FIELDS
from tasks.ticket import ExternalId
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json, print_table, print_text
from worker.cli.shop import the_shop
from worker.operating.values import refuse_unknown

FORCED = "; a helpdesk that has it all the same is played with --force"


def show(asked: argparse.Namespace) -> ExitCode:
    """Fields, notes and history of one ticket."""
    with the_shop() as shop:
        shown = shop.sandbox.show(ExternalId(asked.ticket))
    if shown is None:
        raise OperatorError(f"the embedded helpdesk has no ticket {asked.ticket!r}")
    document = shown.as_json()
    if asked.json:
        print_json(document)
        return ExitCode.DONE
    print_table(["field", "value"], document["fields"].items())
    print("\nnotes")
    for note in document["notes"]:
        print(f"{note['at']}  {note['author']}  {note['key']}")
        print_text(note["body"])
    headers = ("at", "author", "field", "from", "to")
    print("\nhistory")
    print_table(headers, [[row[header] for header in headers] for row in document["history"]])
    return ExitCode.DONE


def edit(asked: argparse.Namespace) -> ExitCode:
    """A person changes a field; the fleet will leave it as it is."""
    if asked.field not in FIELDS:
        raise OperatorError(f"{asked.field!r} is no field: {', '.join(FIELDS)}")
    with the_shop() as shop:
        if not asked.force:
            refuse_unknown(shop.config.taxonomy, {asked.field: asked.value}, FORCED)
        done = shop.sandbox.edit(ExternalId(asked.ticket), asked.field, asked.value, asked.author)
    return _tell(asked, done, f"{asked.author} set {asked.field} to {asked.value}")


def reply(asked: argparse.Namespace) -> ExitCode:
    """The customer writes again; the next poll makes a new revision of it."""
    with the_shop() as shop:
        done = shop.sandbox.reply(ExternalId(asked.ticket), asked.text)
    return _tell(
        asked, done, "the customer's reply waits for the next poll (triage intake helpdesk)"
    )


def _tell(asked: argparse.Namespace, done: object, text: str) -> ExitCode:
    if done is False:
        raise OperatorError(f"the embedded helpdesk has no open ticket {asked.ticket!r}")
    if asked.json:
        print_json({"ticket": asked.ticket, "done": True})
    else:
        print(text)
    return ExitCode.DONE
