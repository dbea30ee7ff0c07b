"""What there is to take back on a ticket: pure, from what the ledger says was written to it.

Of each field there is a chain of writes, oldest first. Only what stands at its end can be taken
back: from there on the writes that are meant, one after the other, as far as they follow each
other. What the earliest of them found is what is put back.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tasks.delivery import is_back
from tasks.ports.ledger import Intent, Wrote

NOTE = "note:"
KEY = re.compile(r"rc-(?P<batch>.+)-[0-9a-f]+:")


def recall_key(batch: str, ticket: str) -> str:
    """What the helpdesk knows a recall's writes to one ticket by; batches sort by their time."""
    return f"rc-{batch}-{ticket[:12]}"


def batch_of(intent: Intent) -> str | None:
    """The recall that this write was part of; None: it was triage."""
    return batch_in(intent.key)


def batch_in(key: str) -> str | None:
    """The recall that a write of this key was part of; None: it was triage."""
    found = KEY.match(key)
    return found["batch"] if found else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One field to be put back from `held` to `to`, or one note to be declared void.

    `keys`: the writes that it takes back. `sure`: whether any of them is known to have been made.
    `stands`: of a note, whether it counts again afterwards, since what is taken back is a recall.
    """

    target: str
    held: str | None
    to: str | None
    keys: tuple[str, ...]
    sure: bool
    stands: bool = False

    @property
    def is_note(self) -> bool:
        """Whether it is one."""
        return self.target.startswith(NOTE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """One field or note that is left as it is, and why."""

    target: str
    held: str | None
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Taking:
    """What is to be done on one ticket, and what is not."""

    steps: tuple[Step, ...]
    left: tuple[Left, ...]


def take_back(wrote: Iterable[Wrote], meant: Collection[str]) -> Taking:
    """What taking back the writes with these keys comes to; `wrote` is all of one ticket's."""
    chains: dict[str, list[Wrote]] = {}
    for one in sorted(wrote, key=place):
        if one.intent.outcome not in {"gone", "left"}:
            chains.setdefault(_name(one), []).append(one)
    found = [
        _end_of(name, chain, meant)
        for name, chain in chains.items()
        if any(one.intent.key in meant for one in chain)
    ]
    return Taking(
        steps=tuple(one for one in found if isinstance(one, Step)),
        left=tuple(one for one in found if isinstance(one, Left)),
    )


def place(one: Wrote) -> tuple[int, int, str, str]:
    """Sorts writes by when they were made."""
    intent = one.intent
    return one.revision, intent.seq or 0, batch_of(intent) or "", intent.key


def _name(one: Wrote) -> str:
    """A field has one chain; each note has its own, for a later note does not replace it."""
    target = one.intent.target
    is_new = target.startswith(NOTE) and batch_of(one.intent) is None
    return f"{target}@{one.revision}" if is_new else target


def _end_of(name: str, chain: Sequence[Wrote], meant: Collection[str]) -> Step | Left:
    block: list[Intent] = []
    for one in reversed(chain):
        is_theirs = one.intent.outcome == "kept" or is_back(one.intent)
        if one.intent.key not in meant or is_theirs:
            break
        block.append(one.intent)
    if not block:
        last = chain[-1].intent
        return Left(target=name, held=last.holds, why=_standing(chain[-1]))
    made = [intent for intent in block if intent.outcome != "already"]
    newest = block[0]
    if not made:
        return Left(target=name, held=newest.wanted, why="it held that before")
    if not name.startswith(NOTE) and newest.wanted == made[-1].before:
        return Left(target=name, held=newest.wanted, why="it held the same before")
    return Step(
        target=name,
        held=newest.wanted,
        to=made[-1].before,
        keys=tuple(intent.key for intent in made),
        sure=any(intent.outcome == "applied" for intent in made),
        stands=(len(chain) - len(block)) % 2 == 1,
    )


def _standing(last: Wrote) -> str:
    """Why what was meant does not stand at the end of its chain."""
    if batch := batch_of(last.intent):
        return f"recall {batch} has been here"
    if last.intent.outcome == "kept" or is_back(last.intent):
        return "a person's value was kept"
    return f"revision {last.revision} says what it holds now"
