"""What is taken back is put as it was, unless a person has chosen something since."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tasks.desk import Past
from tasks.detour import Wait
from tasks.errands.recall import Recalled, Reopened, recall
from tasks.errands.taking_back import recall_key
from tasks.errors import HelpdeskDown
from tasks.ports.helpdesk import Capabilities
from tasks.ports.ledger import Intent, Wrote
from tasks.run import RunId
from tasks.ticket import ExternalId
from tests.twins.desk import Office
from tests.twins.helpdesk import PLAIN, Mishap
from tests.twins.ticket import a_ticket
from worker.helpdesks.embedded import FULL

T1 = ExternalId("T-1")
BATCH = "20261121-215901-3fa2"
KEY = recall_key(BATCH, "abcdef0123456789")
EVERY_KIND = pytest.mark.parametrize("capabilities", [FULL, PLAIN], ids=["full", "plain"])


def an_office(capabilities: Capabilities = FULL, **fields: str) -> Office:
    """A ticket that held these fields, and was triaged: fraud, urgent, with a note."""
    office = Office(ticket=a_ticket(fields=fields), capabilities=capabilities)
    asyncio.run(_triage(office))
    return office


async def _triage(office: Office) -> None:
    seen = await office.helpdesk.look(T1)
    values = {"queue": "fraud", "priority": "1"}
    await office.helpdesk.set_fields(T1, values, key="tf-1", version=getattr(seen, "version", ""))
    await office.helpdesk.post_note(T1, "A draft", key="tf-1:note:draft")


def written(office: Office, outcome: str | None = "applied") -> list[Wrote]:
    """What the ledger knows of that."""
    wanted = {"queue": "fraud", "priority": "1", "note:draft": None}
    return [
        Wrote(
            revision=1,
            intent=Intent(
                key=f"tf-1:{target}",
                run=RunId("R-1"),
                target=target,
                before=office.ticket.fields.get(target),
                wanted=value,
                outcome=outcome,
            ),
        )
        for target, value in wanted.items()
    ]


def taken_back(
    office: Office, wrote: Sequence[Wrote] | None = None, past: Past | None = None
) -> Recalled | Wait:
    wrote = written(office) if wrote is None else wrote
    case = Reopened(
        run=RunId("R-1"),
        ticket=T1,
        batch=BATCH,
        by="ada",
        why="the prompt was wrong",
        keys={one.intent.key for one in wrote},
        wrote=wrote,
        past=past or Past(key=KEY),
    )
    return asyncio.run(recall(case, office.desk))


def outcomes(found: Recalled | Wait) -> dict[str, str | None]:
    assert isinstance(found, Recalled), found
    return {one.target: one.outcome for one in found.results}


APPLIED = {"queue": "applied", "priority": "applied", "note:draft@1": "applied"}


@EVERY_KIND
def test_fields_are_as_before_and_the_note_is_void(capabilities: Capabilities) -> None:
    """Those that were empty are empty again."""
    office = an_office(capabilities, queue="inbox")
    assert outcomes(taken_back(office)) == APPLIED
    assert office.helpdesk.values() == {"queue": "inbox"}
    draft, void = office.helpdesk.posted()
    assert draft == "A draft"
    assert "tf-1:note:draft" in void
    assert "the prompt was wrong" in void


@EVERY_KIND
def test_a_persons_edit_is_left(capabilities: Capabilities) -> None:
    office = an_office(capabilities, queue="inbox")
    office.helpdesk.edit(T1, "queue", "vip", "ada")
    assert outcomes(taken_back(office)) == APPLIED | {"queue": "kept"}
    assert office.helpdesk.values() == {"queue": "vip"}


def test_a_person_who_chose_our_value_has_chosen_it() -> None:
    """The helpdesk's history tells; the value alone does not."""
    office = an_office(queue="inbox")
    office.helpdesk.edit(T1, "queue", "vip", "ada")
    office.helpdesk.edit(T1, "queue", "fraud", "ada")
    assert outcomes(taken_back(office))["queue"] == "kept"
    assert office.helpdesk.values() == {"queue": "fraud"}


def test_an_edit_in_the_last_moment_is_left() -> None:
    office = an_office(queue="inbox")
    office.helpdesk.meanwhile = lambda: office.helpdesk.edit(T1, "queue", "vip", "ada")
    assert outcomes(taken_back(office))["queue"] == "kept"
    assert office.helpdesk.values()["queue"] == "vip"


def test_on_a_closed_ticket_nothing_is_done() -> None:
    office = an_office(queue="inbox")
    office.helpdesk.close_ticket(T1)
    assert set(outcomes(taken_back(office)).values()) == {"gone"}
    assert office.helpdesk.values() == {"queue": "fraud", "priority": "1"}


def test_the_intent_is_written_down_first() -> None:
    office = an_office(queue="inbox")
    office.trail.clear()
    taken_back(office)
    recorded = office.trail.index("recorded intended")
    assert recorded < office.trail.index("set priority, queue")
    [entry] = office.journal.entries
    assert {one.target: (one.before, one.wanted) for one in entry.writes} == {
        "queue": ("fraud", "inbox"),
        "priority": ("1", None),
        "note:draft@1": (None, None),
    }


@EVERY_KIND
@pytest.mark.parametrize("mishap", [Mishap.DEAF, Mishap.LOST])
def test_after_a_lost_answer_it_goes_on_where_it_was(
    mishap: Mishap, capabilities: Capabilities
) -> None:
    """Whoever goes on waits first, where a request may still take effect."""
    office = an_office(capabilities, queue="inbox")
    office.helpdesk.mishaps.append(mishap)
    with pytest.raises(HelpdeskDown):
        taken_back(office)
    [entry] = office.journal.entries
    past = Past(key=KEY, own=entry.writes, sent_until=office.clock.at)
    wrote = [*written(office), *(Wrote(revision=1, intent=one) for one in entry.writes)]
    found = taken_back_again(office, wrote, past)
    if isinstance(found, Wait):
        office.clock.at = found.until
        found = taken_back_again(office, wrote, past)
    assert outcomes(found) == APPLIED
    assert office.helpdesk.values() == {"queue": "inbox"}
    assert len(office.helpdesk.posted()) == 2


def taken_back_again(office: Office, wrote: Sequence[Wrote], past: Past) -> Recalled | Wait:
    case = Reopened(
        run=RunId("R-1"),
        ticket=T1,
        batch=BATCH,
        by="ada",
        why="the prompt was wrong",
        keys={one.intent.key for one in written(office)},
        wrote=wrote,
        past=past,
    )
    return asyncio.run(recall(case, office.desk))


def test_what_was_meant_and_never_written_is_nobodys_to_restore() -> None:
    """A run that died before it could write: the field's history does not know it."""
    office = Office(ticket=a_ticket(fields={"queue": "inbox"}))
    office.helpdesk.edit(T1, "queue", "fraud", "ada")
    found = taken_back(office, written(office, None))
    assert outcomes(found) == {"queue": "kept", "priority": "already"}
    assert office.helpdesk.values() == {"queue": "fraud"}
    assert office.helpdesk.posted() == []


def test_what_was_written_by_one_that_died_is_restored() -> None:
    office = an_office(queue="inbox")
    assert outcomes(taken_back(office, written(office, None))) == APPLIED
    assert office.helpdesk.values() == {"queue": "inbox"}


def test_a_recall_is_undone_by_taking_it_back() -> None:
    office = an_office(queue="inbox")
    first = taken_back(office)
    assert isinstance(first, Recalled)
    wrote = [*written(office), *(Wrote(revision=1, intent=one) for one in first.results)]
    later = "20261121-225901-0000"
    case = Reopened(
        run=RunId("R-1"),
        ticket=T1,
        batch=later,
        by="ada",
        why="it was right",
        keys={one.key for one in first.results},
        wrote=wrote,
        past=Past(key=recall_key(later, "abcdef0123456789")),
    )
    found = asyncio.run(recall(case, office.desk))
    assert isinstance(found, Recalled)
    assert {replace(one, holds=None).outcome for one in found.results} == {"applied"}
    assert office.helpdesk.values() == {"queue": "fraud", "priority": "1"}
    assert office.helpdesk.posted()[-1].startswith("Counts again")
