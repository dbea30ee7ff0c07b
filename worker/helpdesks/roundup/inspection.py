"""Whether a Roundup tracker is ready, and what a person has to do."""

from collections.abc import Iterable, Iterator

from tasks.errors import CredentialRefused, HelpdeskDown, NotAllowed, RateLimited, Rejected
from worker.findings import Finding, fine, wrong
from worker.helpdesks.feed import EPOCH, ZONE, later
from worker.helpdesks.roundup.client import EXPECTS, NOTES, OURS, RoundupClient

SETUP = "put what `triage connect roundup --setup` prints at the end of the tracker's schema.py"


def inspect(client: RoundupClient, queues: Iterable[str]) -> Iterator[Finding]:
    """Findings in the order in which they depend on each other; `queues` are the taxonomy's.

    What cannot be looked at because of an earlier one is left out.
    """
    try:
        classes = client.classes()
        yield fine("address", "a Roundup tracker")
        missing = [name for name in ("issue", "queue", NOTES) if name not in classes]
        if missing:
            yield wrong("schema", f"the tracker has no class {', '.join(missing)}", SETUP)
            return
        yield _properties(client)
        yield from _names(client, "queue", queues)
        yield from _names(client, "priority", client.config.fields["priority"].values)
        yield _zone(client)
    except (CredentialRefused, NotAllowed) as error:
        remedy = (
            f"put USER:PASSWORD of the fleet's user into {client.config.credential}, and give that "
            f"user the role Triage; {SETUP}"
        )
        yield wrong("user", str(error), remedy)
    except (HelpdeskDown, RateLimited, Rejected) as error:
        remedy = "give the tracker's own address, as its people have it, and see that it is up"
        yield wrong("address", str(error), remedy)


def _properties(client: RoundupClient) -> Finding:
    has = client.properties()
    needed = [*(field.name for field in client.config.fields.values()), OURS, EXPECTS]
    if missing := [name for name in needed if name not in has]:
        return wrong("schema", f"issues have no property {', '.join(missing)}", SETUP)
    return fine("schema", "issues have every property")


def _names(client: RoundupClient, kind: str, ours: Iterable[str]) -> Iterator[Finding]:
    has = client.names(kind)
    for name in dict.fromkeys(ours):
        theirs = client.config.fields[kind].theirs(name)  # type: ignore[index]  # a name of ours
        what = f"{kind} {theirs}"
        if theirs in has:
            yield fine(what, "is there")
        else:
            remedy = f"make it, as an administrator: roundup-admin create {kind} name='{theirs}'"
            yield wrong(what, "there is none", remedy)


def _zone(client: RoundupClient) -> Finding:
    """Roundup reads the times of a question in its user's zone, and writes them in UTC."""
    newest = client.open_issues(EPOCH, 1, 1, sort="-activity")
    if not newest:
        return fine("time zone", "not known yet: there is no open issue to tell it by")
    stamp = newest[0].stamp
    east = client.open_issues(later(stamp, ZONE), 1, 1)
    west = client.open_issues(later(stamp, -ZONE), 1, 1)
    if east or not west:
        says = "the tracker reads times in the zone of the fleet's user, and that is not UTC"
        return wrong("time zone", says, "set it: roundup-admin set USER timezone=UTC")
    return fine("time zone", "UTC")
