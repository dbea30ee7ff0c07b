"""How a decision gets into a helpdesk exactly once, whatever the helpdesk can do for that.

The protocol, after what was measured on real helpdesks (docs/reliability.md):

1. look, and tell our values from people's
2. write the intent down, before the first byte is sent
3. set what is still to be set: absolute values, conditional where the helpdesk can
4. look again: what it holds counts, not what it answered
5. where its condition is no lock, ask what people have chosen: one who was quicker than our request
   gets that back
6. post each note under its key, and look for it

Where an earlier attempt may have sent something (its worker died, the answer was lost), its
requests first get the time to settle, and the ticket's history says which of them took effect.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tasks.errors import HelpdeskDown, ValuesNotTaken
from tasks.ports.helpdesk import EVERY, Gone, Helpdesk, Moved, Seen, Traces
from tasks.ports.ledger import Intent
from tasks.ticket import ExternalId
from tasks.waypoints import Waypoint, passing

ROUNDS = 5
"""How often a ticket may change under our hands in one attempt."""

BACK = "-back"
"""Follows the key of a write, where that had to be taken back at once."""


def is_back(intent: Intent) -> bool:
    """Whether it put a person's value back: what stands there then is that person's."""
    return intent.key.partition(":")[0].endswith(BACK)


Image = frozenset[str | None]
"""The values that a field may hold without any person having chosen them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One attempt to write one decision. `traces`: what earlier attempts have left.

    `begun`: keys of what they may have sent.
    """

    helpdesk: Helpdesk
    ticket: ExternalId
    key: str
    traces: Traces
    record: Callable[[tuple[Intent, ...]], Awaitable[None]]
    """Writes an intent down that came up on the way."""
    begun: frozenset[str] = frozenset()

    async def set_fields(
        self, intents: Sequence[Intent], images: Mapping[str, Image], seen: Seen
    ) -> tuple[Intent, ...] | Gone:
        """Each intent with its outcome and what the field holds now.

        Raises HelpdeskDown when an answer is lost, ValuesNotTaken when nothing came of a yes.
        """
        first = seen
        done = {one.target for one in intents if self._is_done(one, seen)}
        refused: set[str] = set()
        for _ in range(ROUNDS):
            due = _due(intents, images, seen, done)
            if not due:
                done |= await self._sent_by_others(intents, first, seen, done)
                told = tuple(_told(one, seen, is_ours=one.target in done) for one in intents)
                if done and self.helpdesk.capabilities.conditional_write != "strict":
                    return await self.give_back(told, images, seen)
                return told
            answer = await self.helpdesk.set_fields(
                self.ticket, due, key=self.key, version=seen.version
            )
            passing(Waypoint.FIELDS_SENT)
            if isinstance(answer, Gone):
                return answer
            now = await self.helpdesk.look(self.ticket)
            if isinstance(now, Gone):
                return now
            if not isinstance(answer, Moved):
                done |= await self._taken(due, before=seen, now=now)
                refused = due.keys() - done
            seen = now
        if refused:
            raise ValuesNotTaken(f"the helpdesk did not take {', '.join(sorted(refused))}")
        raise HelpdeskDown(f"the ticket changed {ROUNDS} times under our hands")

    def _is_done(self, one: Intent, seen: Seen) -> bool:
        """Whether an earlier attempt set that field; some helpdesks may die before they note it.

        What such a one holds without a word of a person's choosing it is what was sent.
        """
        if one.key in self.traces.counts:
            return True
        if self.helpdesk.capabilities.history_in_one_step or one.key not in self.begun:
            return False
        holds = seen.fields[one.target]
        by_a_person = self.traces.chosen.get(one.target, one.before) == holds
        return holds == one.wanted != one.before and not by_a_person

    async def give_back(
        self, told: Sequence[Intent], images: Mapping[str, Image], seen: Seen
    ) -> tuple[Intent, ...] | Gone:
        """The same, but where ours has overwritten what a person had chosen: that is put back.

        Such a helpdesk compares versions before it takes its lock (docs/connectors.md). Its history
        is asked for what a person chose, not for what ours replaced: that, too, it reads before.
        """
        ours = {one.target: one for one in told}
        backs: dict[str, Intent] = {}
        for _ in range(ROUNDS):
            traces = await self.helpdesk.traces(self.ticket, key=EVERY)
            chosen = traces.chosen
            due = {
                name: chosen[name]
                for name, one in ours.items()
                if one.outcome == "applied"
                and seen.fields[name] == one.wanted
                and chosen.get(name, one.wanted) not in {one.wanted, *images[name]}
            }
            if not due:
                put = {one.target for one in told if self._back(one, None).key in traces.counts}
                kept = (_kept(one, seen) if one.target in put else one for one in told)
                return (*(replace(one, outcome="applied") for one in backs.values()), *kept)
            if due.keys() - backs.keys():
                backs |= {name: self._back(ours[name], value) for name, value in due.items()}
                await self.record(tuple(backs.values()))
            answer = await self.helpdesk.set_fields(
                self.ticket, due, key=f"{self.key}{BACK}", version=seen.version
            )
            if isinstance(answer, Gone):
                return answer
            now = await self.helpdesk.look(self.ticket)
            if isinstance(now, Gone):
                return now
            seen = now
        raise HelpdeskDown(f"the ticket changed {ROUNDS} times under our hands")

    def _back(self, ours: Intent, theirs: str | None) -> Intent:
        """What a person has chosen, to be put back in the place of ours."""
        key = f"{self.key}{BACK}:{ours.target}"
        return replace(ours, key=key, before=ours.wanted, wanted=theirs, outcome=None, holds=None)

    async def _sent_by_others(
        self, intents: Sequence[Intent], first: Seen, now: Seen, done: Collection[str]
    ) -> set[str]:
        """Fields that came to hold our value while we looked: by whom, their history says.

        One that was frozen when it lost the run to us may still have sent what it meant to.
        """
        came = {
            one.target
            for one in intents
            if one.target not in done
            and now.fields[one.target] == one.wanted != first.fields[one.target]
        }
        if not came:
            return set()
        counts = (await self.helpdesk.traces(self.ticket, key=self.key)).counts
        return {name for name in came if f"{self.key}:{name}" in counts}

    async def post_notes(
        self, intents: Sequence[Intent], bodies: Mapping[str, str]
    ) -> tuple[Intent, ...] | Gone:
        """Each intent with its outcome.

        Raises HelpdeskDown when an answer is lost, ValuesNotTaken when nothing came of a yes.
        """
        due = [one for one in intents if one.key not in self.traces.counts]
        for one in due:
            answer = await self.helpdesk.post_note(self.ticket, bodies[one.target], key=one.key)
            passing(Waypoint.NOTE_SENT)
            if isinstance(answer, Gone):
                return answer
        if due:
            await self._expect(due)
        return tuple(replace(one, outcome="applied") for one in intents)

    async def _expect(self, notes: Sequence[Intent]) -> None:
        """Each note is in the ticket's history now."""
        counts = (await self.helpdesk.traces(self.ticket, key=self.key)).counts
        if missing := [note.target for note in notes if note.key not in counts]:
            raise ValuesNotTaken(f"the helpdesk did not take {', '.join(missing)}")

    async def _taken(self, due: Mapping[str, str | None], *, before: Seen, now: Seen) -> set[str]:
        """The fields that were set. One that holds what it held was not, whatever was answered."""
        taken = {name for name in due if now.fields[name] == due[name]}
        changed = {name for name in due if now.fields[name] != before.fields[name]}
        if changed <= taken:
            return taken
        # Somebody was quicker than our second look: was it before or after our value?
        counts = (await self.helpdesk.traces(self.ticket, key=self.key)).counts
        return taken | {name for name in changed if f"{self.key}:{name}" in counts}


def _due(
    intents: Sequence[Intent], images: Mapping[str, Image], seen: Seen, done: Collection[str]
) -> dict[str, str | None]:
    """Values to be set: ours was not there yet, and what is there no person has chosen."""
    return {
        one.target: one.wanted
        for one in intents
        if one.target not in done
        and seen.fields[one.target] != one.wanted
        and seen.fields[one.target] in images[one.target]
    }


def _told(intent: Intent, seen: Seen, *, is_ours: bool) -> Intent:
    holds = seen.fields[intent.target]
    if is_ours:
        return replace(intent, outcome="applied", holds=holds)
    return replace(intent, outcome="already" if holds == intent.wanted else "kept", holds=holds)


def _kept(ours: Intent, seen: Seen) -> Intent:
    return replace(ours, outcome="kept", holds=seen.fields[ours.target])
