"""A home that has a ticket for each reason why one is not written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tasks.causes import Cause, DropCause, ReviewReason, WaitReason
from tasks.chronicle import Entry, of_detour
from tasks.detour import Detour, Drop, GiveUp, NeedsHuman, Wait
from tasks.events import Kind
from tasks.ports.inbox import Message, Page
from tasks.run import Run, StageName, State
from tests.acceptance.fleet import Place, a_line, an_inbox
from worker.carrying.notebook import change_of
from worker.compose import open_intake

WHY = "as a test has it"
HOUR = 3_600.0

UNREADABLE = list(Cause)[: list(Cause).index(Cause.OFF_LIST)]
"""Causes of the intake."""

STAGES: Mapping[str, StageName] = {
    Cause.OFF_LIST: "validate",
    Cause.UNPROVEN_ESCALATION: "validate",
    Cause.PRIORITY_OUTSIDE_POLICY: "validate",
    Cause.HELPDESK_REFUSED: "write",
    Cause.FACTS_DOWN: "enrich",
}
"""Where the journey ends; at classify for every other cause."""


class Unshown:
    """A source that can show nothing of its one ticket."""

    name = "file:unshown"

    def start(self) -> str | None:
        return None

    def read(self, position: str | None, *, limit: int) -> Page:
        del position, limit
        one = Message(source=self.name, raw=b'{"id": "unshown"}', unread=WHY)
        return Page(messages=(one,), position="1", more=False)


@dataclass(kw_only=True)
class Reasons:
    """Tickets by the reason that they have. `spare` are triaged ones that may be given another."""

    place: Place
    spare: list[Run]
    tickets: dict[str, str] = field(default_factory=dict)

    def fill(self) -> dict[str, str]:
        """Every reason there is -> a ticket that has it."""
        self._unreadable()
        until = self.place.shop.clock.now() + HOUR
        for cause in set(Cause) - set(UNREADABLE):
            self._turn(
                self.spare.pop(), GiveUp(cause=cause, why=WHY), STAGES.get(cause, "classify")
            )
        for review in ReviewReason:
            self._turn(self.spare.pop(), NeedsHuman(reason=review, why=WHY), "validate")
        for wait in WaitReason:
            self._turn(self._fresh(wait), Wait(until=until, reason=wait, why=WHY), "enrich")
        for drop in (DropCause.GONE, DropCause.OPERATOR):
            self._turn(self._fresh(drop), Drop(cause=drop, why=WHY), "enrich")
        self._supersede()
        return self.tickets

    def _unreadable(self) -> None:
        """The sample has every cause but three."""
        somebodys = self.spare[0].external_id
        self.place.take_in(
            a_line("wrong-field", "Which rate?", channel=["email"]),
            a_line(somebodys, "Another customer under the same id"),
        )
        open_intake(self.place.shop).poll(Unshown())
        for run in self.place.runs(states=(State.DEAD,)):
            self.tickets[str(run.reason)] = run.id

    def _supersede(self) -> None:
        """A second message in the same inbox."""
        lines = []
        for body in ("Which rate is it?", "And which fee?"):
            lines.append(a_line("superseded", body))
            inbox = an_inbox(self.place.folder / "superseded.jsonl", lines)
            self.place.ask("intake", f"file:{inbox}")
        self.tickets[DropCause.SUPERSEDED] = "superseded"

    def _fresh(self, name: str) -> Run:
        self.place.take_in(a_line(f"waits-{name}", "Which rate is it?"))
        return self.place.run(f"waits-{name}")

    def _turn(self, run: Run, detour: Detour, stage: StageName) -> None:
        found = turned(self.place, run, detour, stage)
        self.tickets[str(found.reason)] = found.external_id


def turned(place: Place, run: Run, detour: Detour, stage: StageName) -> Run:
    """The run after it was begun again at that stage, taken in hand, and turned there."""
    begun = {"stage": stage, "tier": run.tier, "by": "a test", "cause": run.reason}
    entries = (
        Entry(kind=Kind.REQUEUED, body=begun),
        Entry(kind=Kind.SENT, body={"send_n": run.send_n + 1}),
        Entry(kind=Kind.CLAIMED, body={"owner": "a-test-1", "fence": run.fence + 1}),
        *of_detour(detour, replace(run, stage=stage)),
    )
    shop = place.shop
    change = change_of(run, entries, None, vault=shop.vault, clock=shop.clock)
    assert shop.ledger.commit([change]) == [True]
    return change.after
