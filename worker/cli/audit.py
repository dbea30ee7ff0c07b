"""`triage audit next|label`: labels tickets without a look at what was decided."""

import argparse
import getpass
import shlex

from tasks.errors import OperatorError
from tasks.facts import Facts
from tasks.review import queues
from tasks.ticket import Ticket
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_folded, print_json, print_table
from worker.cli.shop import the_shop
from worker.operating.auditing import Answered, Asked, label, next_of

NOTHING = "nothing is left to be labelled by you"
OFF = "no ticket is audited: `share` under [audit] in policy.toml is 0"


def show_next(asked: argparse.Namespace) -> ExitCode:
    """The oldest ticket of the audit that nobody has labelled, without its answer."""
    with the_shop() as shop:
        share, taxonomy = shop.config.policy.audit.share, shop.config.taxonomy
        found = next_of(shop, asked.by or getpass.getuser())
    if asked.json:
        print_json({"next": found and found.as_json(taxonomy)})
        return ExitCode.DONE
    if found is None:
        print(NOTHING if share else OFF)
        return ExitCode.DONE
    _print_ticket(found.ticket)
    _print_facts(found.facts)
    print()
    print_folded(
        ["issue type", "means"], [(one.name, one.description) for one in taxonomy.issue_types]
    )
    print(f"priorities: 1 (most urgent) to 4; queues: {', '.join(queues(taxonomy))}")
    print(f"\nwhat should it be? {found.left} left, this one among them:")
    print(f"  {_command(found, asked.by)}")
    return ExitCode.DONE


def _command(found: Asked, by: str | None) -> str:
    """As it is to be said; where somebody has given their name, with that."""
    signed = f" --as {shlex.quote(by)}" if by else ""
    return f"triage audit label {found.run} --issue-type TYPE --priority N --queue QUEUE{signed}"


def _print_ticket(ticket: Ticket) -> None:
    print(f"{ticket.id}, by {ticket.channel}, {ticket.created_at:%Y-%m-%d %H:%M} UTC")
    if ticket.subject:
        print(f"subject: {ticket.subject}")
    print(f"\n{ticket.body}")
    for turn in ticket.thread:
        print(f"\n--- {turn.author}\n{turn.body}")


def _print_facts(facts: Facts | None) -> None:
    if facts is None:
        return
    account = facts.account
    print()
    print(f"customer: {account.plan}, tier {account.tier}" if account else "customer: not known")
    if account and account.renewal_at:
        print(f"renewal: {account.renewal_at}")
    for incident in facts.incidents:
        print(f"incident: {incident.title}")
    for event in facts.billing:
        print(f"billing: {event.at:%Y-%m-%d} {event.kind} {event.amount} {event.currency}")
    for contact in facts.interactions:
        print(f"earlier: {contact.at:%Y-%m-%d} {contact.summary} ({contact.outcome})")


def keep_label(asked: argparse.Namespace) -> ExitCode:
    """Keeps what the ticket should have been, and says what was decided."""
    given = {"issue_type": asked.issue_type, "priority": asked.priority, "queue": asked.queue}
    truths = {name: value for name, value in given.items() if value is not None}
    if not truths:
        raise OperatorError("say what it should be: --issue-type, --priority, --queue")
    with the_shop() as shop:
        found = label(shop, asked.ticket, truths, asked.by or getpass.getuser())
    if asked.json:
        print_json(found.as_json())
        return ExitCode.DONE
    _print_answer(found)
    return ExitCode.DONE


def _print_answer(found: Answered) -> None:
    rows = [
        (one.field, one.truth, one.said, "right" if one.is_right else "wrong")
        for one in found.labels
    ]
    print_table(["field", "you say", "was decided", ""], rows)
    if found.again:
        print("this replaces what was said of it before; who has seen the answer labels no longer")
        print("blindly: change it only where you mistook the ticket")
