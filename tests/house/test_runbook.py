"""docs/runbook.md has a heading for each name that an operator meets, and for no other."""

import ast
import re
from enum import StrEnum

import pytest

from config.alerts import AlertKind
from tasks.causes import Cause, DropCause, ReviewReason, WaitReason
from tests.house.checkout import ROOT
from tests.house.documents import RUNBOOK, Section, anchors, blocks, rows, sections
from tests.house.reasons import UNREADABLE

ENUMS: tuple[type[StrEnum], ...] = (Cause, DropCause, ReviewReason, WaitReason)
"""What is set of a ticket."""

NAMED = re.compile(r"--cause (\S+)")

WORDED = ROOT / "worker" / "pages" / "tables.py"

EVERY = {str(cause) for cause in Cause}

RESERVED = "Reserved: this version never sets it"

PARTS = ("- **Means:**", "- **Look:**", "- **Do:**")


def _chapters() -> dict[str, list[Section]]:
    """The runbook's chapters, and the headings of each."""
    found: dict[str, list[Section]] = {}
    for one in sections(RUNBOOK):
        if one.depth == 2:
            found[one.title] = []
        elif one.depth == 3:
            [*_, chapter] = found.values()
            chapter.append(one)
    return found


CHAPTERS = _chapters()
ENTRIES = [entry for chapter in CHAPTERS.values() for entry in chapter]

EXPECTED: dict[str, set[str]] = {
    "Alerts": set(AlertKind),
    "What a ticket waits for": set(WaitReason),
    "What people decide": set(ReviewReason),
    "Dead letters of the intake": set(UNREADABLE),
    "Dead letters of the journey": {str(cause) for cause in Cause if cause not in UNREADABLE},
    "What was dropped": set(DropCause),
}


def test_every_alert_is_raised_by_some_code() -> None:
    """And every raising names its kind: nothing else makes an alert."""
    assert {str(kind) for kind in AlertKind} - _used() == set()


def test_what_an_alert_links_to_is_there() -> None:
    assert {kind.anchor for kind in AlertKind} <= anchors(RUNBOOK)


@pytest.mark.parametrize("chapter", EXPECTED)
def test_each_name_has_one_heading_and_no_other_has_any(chapter: str) -> None:
    assert sorted(entry.title for entry in CHAPTERS[chapter]) == sorted(EXPECTED[chapter])


def test_no_other_chapter_has_headings_of_that_kind() -> None:
    others = {title: entries for title, entries in CHAPTERS.items() if title not in EXPECTED}
    assert {title: entries for title, entries in others.items() if entries} == {}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title)
def test_each_says_what_it_means_where_to_look_and_what_to_do(entry: Section) -> None:
    """In this order, each in a sentence at least, and with a command."""
    places = [entry.text.index(part) for part in PARTS]
    assert places == sorted(places)
    ends = [*places[1:], entry.text.find("\n\n", places[-1])]
    for part, start, end in zip(PARTS, places, ends, strict=True):
        said = entry.text[start + len(part) : end].strip()
        assert len(said) > len("nothing"), part
        assert said.endswith((".", ":", "?")), part
    assert "```sh\n" in entry.text


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title)
def test_a_heading_is_told_apart_from_every_other(entry: Section) -> None:
    """Whoever searches the page for the name that was shown finds one place."""
    assert [one.title for one in sections(RUNBOOK)].count(entry.title) == 1


def test_a_command_under_a_cause_is_for_this_cause() -> None:
    causes = [(block.heading, block.text) for block in blocks(RUNBOOK) if block.heading in EVERY]
    named = {(heading, name) for heading, text in causes for name in NAMED.findall(text)}
    assert {pair for pair in named if pair[0] != pair[1]} == set()
    assert len(named) > len(Cause) / 3


def _used() -> set[str]:
    """The names that some code gives; where they are only worded does not count."""
    code = [*(ROOT / "tasks").rglob("*.py"), *(ROOT / "worker").rglob("*.py")]
    trees = (ast.parse(path.read_text()) for path in code if path != WORDED)
    enums: tuple[type[StrEnum], ...] = (*ENUMS, AlertKind)
    names = {enum.__name__: enum for enum in enums}
    return {
        str(names[enum][member])
        for tree in trees
        for node in ast.walk(tree)
        for enum, member in _member(node)
        if enum in names
    }


def _member(node: ast.AST) -> list[tuple[str, str]]:
    match node:
        case ast.Attribute(value=ast.Name(id=enum), attr=member) if member.isupper():
            return [(enum, member)]
        case _:
            return []


def test_what_no_code_sets_is_said_to_be_reserved() -> None:
    """Nobody is to look for a breaker that is not there; whoever builds it writes its entry."""
    reserved = {entry.title for entry in ENTRIES if RESERVED in entry.text}
    assert reserved == {str(member) for enum in ENUMS for member in enum} - _used()


def test_the_first_look_comes_first() -> None:
    assert next(iter(CHAPTERS)) == "First look"
    first = next(block for block in blocks(RUNBOOK) if block.heading == "First look")
    assert first.text.splitlines()[:2] == ["triage status", "triage books"]


def test_every_warning_of_a_log_is_explained() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "worker").rglob("*.py"))
    written = set(re.findall(r"\.(?:warning|error)\(\s*\"([a-z_]+\.[a-z_]+)\"", code))
    explained = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", RUNBOOK.read_text(), re.MULTILINE)
    assert "worker.lapsed" in written
    assert sorted(explained) == sorted(written)


def test_what_a_command_warns_of_is_explained_as_it_is_said() -> None:
    """The words without what differs from time to time."""
    paths = (path for folder in ("worker", "config") for path in (ROOT / folder).rglob("*.py"))
    said = re.sub(r'"\n\s*f?"', "", "".join(path.read_text() for path in paths))
    [chapter] = [one for one in sections(RUNBOOK) if one.title == "Words of the shell"]
    explained = [row[0].strip('"') for row in rows(chapter.text)]
    assert [one for one in explained if one not in said] == []
    assert {"this shell names no helpdesk", "holds a character that no key has"} <= set(explained)


def test_a_heading_that_the_code_sends_people_to_exists() -> None:
    code = "".join(path.read_text() for path in (ROOT / "worker").rglob("*.py"))
    sent = re.findall(r"see docs/runbook\.md, '([^']+)'", code)
    assert sent
    assert set(sent) <= {entry.title for entry in ENTRIES}
