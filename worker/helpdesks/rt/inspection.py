"""Whether a Request Tracker is ready: each trap by its name, and what a person has to do."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.errors import CredentialRefused, HelpdeskDown, NotAllowed, RateLimited, Rejected
from worker.findings import Finding, fine, wrong
from worker.helpdesks.feed import EPOCH, ZONE, later
from worker.helpdesks.rt.client import OPEN, RtClient
from worker.helpdesks.rt.fields import CORE

SETUP = "run what `triage connect rt --setup` prints, on RT's machine"
REST = 5  # the major version that has REST2 as it is used here


def inspect(client: RtClient, queues: Iterable[str]) -> Iterator[Finding]:
    """Findings in the order in which they depend on each other; `queues` are the taxonomy's.

    What cannot be looked at because of an earlier one is left out.
    """
    try:
        _ = client.me  # what is no token at all is said before RT is asked
        yield _address(client)
        yield fine("token", f"of the user {client.my_name}")
        yield _zone(client)
        yield from _queues(client, queues)
    except (CredentialRefused, NotAllowed) as error:
        remedy = f"put a token of the fleet's user into {client.config.credential}; {SETUP}"
        yield wrong("token", str(error), remedy)
    except (HelpdeskDown, RateLimited, Rejected) as error:
        remedy = "give RT's own address, as its people have it, and see that it is up"
        yield wrong("address", str(error), remedy)


def _address(client: RtClient) -> Finding:
    version = str(client.get("/rt").body.get("Version", ""))
    if not version.startswith(f"{REST}."):
        return wrong("address", f"Request Tracker {version or '?'}", "upgrade it to version 5")
    return fine("address", f"Request Tracker {version}")


def _zone(client: RtClient) -> Finding:
    """RT reads the times of a question in its user's zone, and writes them in UTC."""
    newest = client.tickets(OPEN, EPOCH, 1, 1, order="DESC")
    if not newest:
        return fine("time zone", "not known yet: there is no open ticket to tell it by")
    stamp = newest[0].stamp
    east = client.tickets(OPEN, later(stamp, ZONE), 1, 1)
    west = client.tickets(OPEN, later(stamp, -ZONE), 1, 1)
    if east or not west:
        says = f"RT reads times in the zone of {client.my_name}, and that is not UTC"
        return wrong("time zone", says, "set it to UTC: Admin, Users, Time zone")
    return fine("time zone", "UTC")


def _queues(client: RtClient, wanted: Iterable[str]) -> Iterator[Finding]:
    found = {
        str(one["Name"]): one
        for one in client.listed(
            "/queues/all", fields="Name,Disabled,_hyperlinks", find_disabled_rows="1"
        )
    }
    for name in dict.fromkeys(wanted):
        theirs = client.config.fields["queue"].theirs(name)
        yield _queue(client, theirs, found.get(theirs))


def _queue(client: RtClient, name: str, listed: Mapping[str, Any] | None) -> Finding:
    what = f"queue {name}"
    if listed is None:
        says = f"there is none, or {client.my_name} may not see it"
        return wrong(what, says, f"make it, or give the right SeeQueue; {SETUP}")
    if str(listed["Disabled"]) == "1":
        return wrong(what, "it is disabled", "enable it: Admin, Queues")
    if not any(link.get("ref") == "create" for link in listed["_hyperlinks"]):
        says = f"{client.my_name} may not move tickets into it"
        return wrong(what, says, f"give the right CreateTicket there; {SETUP}")
    shown = client.get(f"/queue/{listed['id']}").body
    names = Counter(one["name"] for one in shown.get("TicketCustomFields") or [])
    has = set(names)
    needed = [field.name for field in client.config.fields.values() if field.name not in CORE]
    missing = [one for one in (*needed, client.config.key) if one not in has]
    if missing:
        says = (
            f"its tickets have no custom field {', '.join(missing)}: there is none, it is applied "
            "to other queues or to something else than tickets, or it may not be seen"
        )
        remedy = (
            "make it for RT::Queue-RT::Ticket, apply it globally, and give SeeCustomField and "
            f"ModifyCustomField; {SETUP}"
        )
        return wrong(what, says, remedy)
    if twice := [one for one in (*needed, client.config.key) if names[one] > 1]:
        says = f"several custom fields of its tickets are called {', '.join(twice)}"
        return wrong(what, says, "disable all but the one in use: Admin, Custom Fields")
    return fine(what, f"can be written to, with {', '.join((*needed, client.config.key))}")
