"""A ticket of Request Tracker's as intake reads it: who said what, in order."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from worker.helpdesks.archive import DECIDED
from worker.helpdesks.feed import Chosen
from worker.helpdesks.rt.client import RtClient, Shown, Transaction
from worker.helpdesks.rt.fields import Fields
from worker.helpdesks.rt.mails import NOTHING, mails_of
from worker.mail.automatic import is_automatic
from worker.mail.text import Said, readable

CREATED, WRITTEN = "Create", "Correspond"


def conversation(
    client: RtClient, shown: Shown, history: Sequence[Transaction]
) -> dict[str, Any] | None:
    """The ticket as JSON that `tasks.intake` takes; None where no customer has said anything.

    The opening is the body, what followed is the thread. Whoever is a requestor is the customer;
    whoever opened the ticket in a requestor's name speaks for one. What a machine sent (RFC 3834)
    is left out. Fields that a person has set are left out too, so that they are kept.
    """
    said = said_in(client, shown, history)
    return said and {**said, "fields": _untouched(client, shown, history)}


def history_of(client: RtClient, shown: Shown) -> list[Transaction]:
    """All that happened to it up to what is shown, oldest first."""
    return list(client.transactions([("ObjectId", "=", shown.id)], last=int(shown.etag)))


def said_in(
    client: RtClient, shown: Shown, history: Iterable[Transaction]
) -> dict[str, Any] | None:
    """The same without fields."""
    said = [one for one in history if one.type in {CREATED, WRITTEN}]
    mails = mails_of(client, shown, {one.id for one in said})
    customers = {one["id"] for one in shown.raw["Requestor"]}
    opening: dict[str, Any] = {}
    thread: list[dict[str, Any]] = []
    for one in said:
        mail = mails.get(one.id, NOTHING)
        if is_automatic(mail.headers):
            continue
        told = readable(mail.parts, subject=mail.subject)
        if one.type == CREATED:
            opening = _body(told)
            continue
        author = "customer" if one.creator in customers else "agent"
        thread.append({"author": author, "at": one.created, **_body(told)})
    if not opening and all(turn["author"] == "agent" for turn in thread):
        return None
    return {
        "id": shown.id,
        "subject": shown.raw["Subject"] or "",
        "body": "",
        **opening,
        "thread": thread,
        "requester": {"email": client.address(min(customers, default=said[0].creator))},
        "channel": "email",
        "created_at": shown.raw["Created"],
    }


def _body(told: Said) -> dict[str, Any]:
    listed = f"\n\n[attached: {', '.join(told.attachments)}]" if told.attachments else ""
    return {"body": f"{told.text}{listed}".strip(), "quoted": told.quoted}


def _untouched(
    client: RtClient, shown: Shown, history: Iterable[Transaction]
) -> dict[str, str | None]:
    """What each field holds, but for those that a person changed last."""
    nobody = {*client.config.automata, client.my_name}
    last = last_changes(client, shown, history)
    return {
        name: value
        for name, value in Fields(client.config).held(shown).items()
        if name not in last or last[name].creator in nobody
    }


def chosen(client: RtClient, shown: Shown, history: Iterable[Transaction]) -> Mapping[str, Chosen]:
    """What people have set last: neither we, nor a machine, nor the customer."""
    customers = {one["id"] for one in shown.raw["Requestor"]}
    others = {*client.config.automata, client.my_name, *customers}
    held = Fields(client.config).held(shown)
    return {
        name: Chosen(value=value, by=one.creator, at=one.created)
        for name, one in last_changes(client, shown, history).items()
        if name in DECIDED and one.creator not in others and (value := held[name])
    }


def last_changes(
    client: RtClient, shown: Shown, history: Iterable[Transaction]
) -> dict[str, Transaction]:
    """Field name to how it was changed last."""
    fields, last = Fields(client.config), dict[str, Transaction]()
    for one in history:
        last |= dict.fromkeys(fields.changes(one, shown), one)
    return last
