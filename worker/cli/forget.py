"""`triage forget --requester EMAIL`: nothing that they said can be read any more."""

import argparse

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.shop import the_shop
from worker.cli.ticket import operator
from worker.operating.forgetting import Forgotten, forget, known


def forget_requester(asked: argparse.Namespace) -> ExitCode:
    """With --yes; says what it would do without."""
    with the_shop() as shop:
        by = operator(shop)
        if asked.yes:
            found = forget(shop, asked.requester, by)
        else:
            found, _ = known(shop, asked.requester, by)
        remote = shop.config.helpdesk.kind if shop.config.helpdesk.remote else None
    if asked.json:
        print_json({"done": bool(asked.yes), **_document(found)})
        return ExitCode.DONE
    if not found.runs and not found.in_helpdesk:
        print(f"no ticket of {asked.requester} is known: check the address, then its other ones")
        return ExitCode.DONE
    if not asked.yes:
        print(f"{found.tickets} tickets with {found.runs} runs would be forgotten,")
        print(f"{found.let_go} of these runs dropped; {found.running} are with a worker just now")
        print("nothing was changed: the same with --yes does it, and nothing brings it back")
        return ExitCode.DONE
    print(f"{found.texts} texts of {found.tickets} tickets are gone, and the key to any copy")
    print(f"{found.let_go} runs that were not done are dropped")
    if found.summaries is None:
        print("Redis did not answer: summaries of their threads stay there, which nobody can open")
    if found.in_helpdesk:
        print(f"{found.in_helpdesk} tickets of the embedded helpdesk say (forgotten)")
    if remote:
        print(f"{remote} is another program: forget them there as well")
    print("backups from before still hold the texts, and the key")
    return ExitCode.DONE


def _document(found: Forgotten) -> dict[str, object]:
    """As docs/interface.md promises it to scripts."""
    return {
        "tickets": found.tickets,
        "runs": found.runs,
        "dropped": found.let_go,
        "running": found.running,
        "texts": found.texts,
        "in_helpdesk": found.in_helpdesk,
        "summaries": found.summaries,
    }
