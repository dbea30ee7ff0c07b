"""The documents that docs/interface.md promises, and whether one that was printed is so.

`{a, b, c? {d}, e [{f}]}`: an object with exactly these keys, `c` only now and then; what follows a
key says what its value is made of.
"""

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.documents import INTERFACE, section

PROMISE = re.compile(r"^- `((?:triage|GET) [^`]+)`: `([^`]+)`$", re.MULTILINE)
WORD = re.compile(r"[{}\[\],?]|\w+")

NEEDS_A_WORKER = {
    "triage run --json",
    "triage status --json",
    "triage ticket show ID --json",
    "triage ticket replay ID --json",
    "triage helpdesk show ID --json",
    "GET /fleet.json",
    "triage review list --json",
    "triage review show ID --json",
    "triage review accept --json",
    "triage review correct --json",
    "triage review return --json",
    "triage recall --json",
    "triage recall --since SINCE --json",
}
"""Their documents are empty in part where nothing works; tests/acceptance has them from a fleet."""

NEEDS_A_HELPDESK = {
    "triage intake --since SINCE --json",
    "triage intake --dry-run --json",
    "triage backfill --json",
    "triage backfill --report --json",
}
"""tests/acceptance has them from a real one: test_first_day.py, test_backfill.py."""


NEEDS_A_SIGNAL = {"triage simulate-provider --json"}
"""What it prints it prints before it ends: tests/acceptance/test_staging.py has it."""


def as_promised(found: object, command: str) -> bool:
    """Whether that document has the keys that it should have; fails with what differs."""
    assert list(differences(found, promised()[command], command)) == []
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A key of an object."""

    name: str
    always: bool
    shape: "Shape | None"  # None: anything


@dataclass(frozen=True, kw_only=True, slots=True)
class Object:
    """An object that has these keys and no other."""

    members: tuple[Member, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class List:
    """A list of these."""

    of: "Shape"


Shape = Object | List


def promised() -> dict[str, Shape]:
    """Command, or request -> what its document is made of."""
    return {command: read(text) for command, text in PROMISE.findall(section(INTERFACE, "JSON"))}


def read(text: str) -> Shape:
    """The shape in words. Raises ValueError where it is none."""
    words = deque(WORD.findall(text))
    try:
        shape = _shape(words)
    except IndexError:
        shape = None
    if shape is None or words:
        message = f"no shape: {text}"
        raise ValueError(message)
    return shape


def _shape(words: "deque[str]") -> Shape | None:
    """Takes the words that it is made of; None where none begins here, or it does not end."""
    if not words or words[0] not in ("{", "["):
        return None
    if words.popleft() == "{":
        return _object(words)
    inner = _shape(words)
    return List(of=inner) if words.popleft() == "]" and inner else None


def _object(words: "deque[str]") -> Object | None:
    members = [_member(words)]
    while (word := words.popleft()) == ",":
        members.append(_member(words))
    return Object(members=tuple(members)) if word == "}" else None


def _member(words: "deque[str]") -> Member:
    name = words.popleft()
    sometimes = words[0] == "?"
    if sometimes:
        words.popleft()
    return Member(name=name, always=not sometimes, shape=_shape(words))


def differences(found: object, shape: Shape | None, place: str = "it") -> Iterator[str]:
    """Where the document is not as promised, in words. An empty list shows nothing, and is one."""
    match (shape, found):
        case (None, _):
            return
        case (Object(members=members), dict()):
            names = {member.name for member in members}
            yield from (f"{place} has {name}, undocumented" for name in found.keys() - names)
            for member in members:
                if member.name in found:
                    inside = f"{place}.{member.name}"
                    yield from differences(found[member.name], member.shape, inside)
                elif member.always:
                    yield f"{place} has no {member.name}"
        case (List(of=of), [_, *_]):
            for number, one in enumerate(found):
                yield from differences(one, of, f"{place}[{number}]")
        case _:
            yield f"{place} is {found!r}"
