"""The page of `triage review show`, for people."""

from collections.abc import Iterable, Mapping
from typing import Any

from worker.cli.output import print_folded, print_table, print_text
from worker.operating.moments import age

Document = Mapping[str, Any]
Moved = Mapping[str, str | None]
"""The queue that a person has put it in, if any has."""


def print_sheet(found: Document, queue: str, moved: Moved) -> None:
    """`queue`: where it goes, if nobody decides and no person has moved it."""
    print(f"{found['ticket']} (run {found['run']}, revision {found['revision']})")
    if found["reason"]:
        print(f"stopped by {found['reason']}: {found['why']}, since {found['since']}")
    print(_standing(found, queue, moved))
    if found["holds"] is not None:
        print(f"the helpdesk holds: {_held(found['holds'])}")
    print(f"customer: {_who(found['requester'])}, tier {found['customer_tier'] or 'unknown'}")
    print(f"\n--- {found['subject'] or 'no subject'}")
    for turn in found["messages"]:
        print(f"[{turn['author']}, {turn['at'] or 'before'}]\n{turn['body']}\n")
    _print_facts(found["facts"])
    _print_proposal(found)
    if not found["decided"]:
        _print_choices(found["choices"])


def _held(fields: Document) -> str:
    named = {name.replace("_", " "): value for name, value in fields.items()}
    return _shown(named.items()) or "nothing yet"


def _standing(found: Document, queue: str, moved: Moved) -> str:
    if found["decided"]:
        return f"nobody may decide here any more: {found['decided']}"
    if found["handed_at"]:
        return f"people have it since {found['handed_at']}: {_place(found, queue)}"
    if found["gone"]:
        return f"nothing can be written there any more: {found['gone']}"
    if "queue" in moved:
        where = f"in the queue {moved['queue']}" if moved["queue"] else "in no queue"
        until = f" until {found['until']}" if found["until"] else ""
        return f"it stays {where}, where a person has put it, if nobody decides{until}"
    goes = f"it goes to the queue {queue} at {found['until'] or 'once'}, if nobody decides"
    doubt = ", unless a person has moved it: the helpdesk does not answer"
    return goes if found["holds"] is not None else f"{goes}{doubt}"


def _place(found: Document, queue: str) -> str:
    """Where it is by now, as far as the helpdesk says so."""
    if found["gone"]:
        return str(found["gone"])
    if found["holds"]:
        return f"it is in the queue {found['holds']['queue'] or 'none'} now; decide all the same"
    return f"it was put in the queue {queue} then; decide all the same"


def _who(requester: Document) -> str:
    return (
        f"{requester['name']} <{requester['email']}>" if requester["name"] else requester["email"]
    )


def _print_facts(facts: Document) -> None:
    print(f"facts, {age(facts['age_seconds'])} old")
    for kind in ("account", "billing", "incidents", "interactions"):
        rows = facts[kind]
        if kind in facts["unavailable"]:
            print(f"  {kind}: unavailable: {facts['unavailable'][kind]}")
            continue
        doubt = f" ({facts['stale'][kind]})" if kind in facts["stale"] else ""
        listed = rows if isinstance(rows, list) else [rows] if rows else []
        print(f"  {kind}{doubt}:{'' if listed else ' none'}")
        for one in listed:
            print(f"    {_shown(one.items())}")


def _shown(items: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in items if value not in (None, ""))


def _print_proposal(found: Document) -> None:
    proposal = found["proposal"]
    if proposal is None:
        print(f"\nproposal: none; {found['no_proposal']}")
        return
    print(f"\nproposal of {proposal['model']} ({proposal['tier']}, prompt {proposal['prompt']})")
    for objection in _objections(proposal):
        print(f"AGAINST IT: {objection}")
    names = ("issue_type", "priority", "queue")
    values = [(name, proposal[name]) for name in names]
    print_table(["field", "value"], values)
    print(f"confidence: {_sure(proposal)}")
    _print_policy(proposal["issue_type"], found["choices"])
    _print_words(proposal)


def _objections(proposal: Document) -> list[str]:
    unproven = proposal["unproven"]
    escalation = [f"the escalation is not proven: {unproven}"] if unproven else []
    return [*proposal["objections"], *escalation]


def _sure(proposal: Document) -> str:
    sure, why = proposal["confidence"], proposal["abstains"]
    if sure is None:
        return "not measured"
    return f"{sure:.3f}, but {why}" if why else f"{sure:.3f}, needed {proposal['threshold']:.3f}"


def _print_policy(proposed: str, choices: Document) -> None:
    """Why that priority."""
    for one in choices["issue_types"]:
        if one["name"] == proposed:
            says = f"a model may say {one['most_urgent']} to {one['least_urgent']}"
            print(f"priority by policy: {one['priority']} ({one['rule']}); {says}")


def _print_choices(choices: Document) -> None:
    print("\nto choose from, each with its own priority for this customer:")
    print_folded(
        ["issue type", "prio", "queue", "criteria"],
        [
            (one["name"], one["priority"], one["queue"], ", ".join(one["criteria"]) or "none")
            for one in choices["issue_types"]
        ],
    )
    print_text(f"queues: {', '.join(choices['queues'])}", margin="")
    print_text(f"criteria: {', '.join((*choices['criteria'], 'or none'))}", margin="")


def _print_words(proposal: Document) -> None:
    """What else it says."""
    if proposal["runners_up"]:
        ranked = (f"{one['issue_type']} {one['share']:.3f}" for one in proposal["runners_up"][:3])
        print(f"runners-up: {', '.join(ranked)}")
    for piece in proposal["evidence"] if proposal["escalate"] else ():
        print(f"escalates by {piece['criterion']}: \u201c{piece['quote']}\u201d")
    if proposal["reason"]:
        print(f"its reason: {proposal['reason']}")
    if proposal["draft"]:
        held = f" (withheld: {proposal['withheld']})" if proposal["withheld"] else ""
        print(f"its draft{held}:\n{proposal['draft']}")
