"""The pages that operators read, taken apart: headings, tables, blocks and words of code."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.house.checkout import ROOT

README = ROOT / "README.md"
INTERFACE = ROOT / "docs" / "interface.md"
RUNBOOK = ROOT / "docs" / "runbook.md"
DEPLOYMENT = ROOT / "docs" / "deployment.md"
STAGING = ROOT / "docs" / "staging.md"
FACTS = ROOT / "docs" / "facts.md"
TRUTH = ROOT / "docs" / "truth.md"
PAGES = (README, INTERFACE, RUNBOOK, DEPLOYMENT, STAGING, FACTS, TRUTH)

FENCE = re.compile(r"^( *)```(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A block of code, and the heading that it stands under."""

    page: Path
    line: int
    heading: str
    language: str
    text: str

    def __str__(self) -> str:
        """As a test is named: the page and the line."""
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading of any depth (1 to 6), and what stands below it before the next one."""

    depth: int
    title: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Every block of the page."""
    text = page.read_text()
    titles = [(found.start(), found[2]) for found in HEADING.finditer(_without_blocks(text))]
    return [
        Block(
            page=page,
            line=text.count("\n", 0, found.start()) + 1,
            heading=[title for start, title in titles if start < found.start()][-1],
            language=found[2],
            text=textwrap.dedent(found[3]),
        )
        for found in FENCE.finditer(text)
    ]


def sections(page: Path) -> list[Section]:
    """The page by its headings."""
    text = page.read_text()
    found = list(HEADING.finditer(_without_blocks(text)))
    ends = [*(heading.start() for heading in found[1:]), len(text)]
    return [
        Section(depth=len(heading[1]), title=heading[2], text=text[heading.end() : end])
        for heading, end in zip(found, ends, strict=True)
    ]


def section(page: Path, title: str) -> str:
    """What stands under that heading."""
    [found] = [one.text for one in sections(page) if one.title == title]
    return found


def rows(text: str) -> list[list[str]]:
    """The cells of the table in this text, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def in_code(page: Path) -> Iterator[str]:
    """What stands in code within a sentence or a table."""
    for found in CODE.finditer(_without_blocks(page.read_text())):
        yield found[1]


def links(page: Path) -> list[str]:
    """Where the page leads to."""
    return LINK.findall(_without_blocks(page.read_text()))


def anchors(page: Path) -> set[str]:
    """The names under which a link reaches the page's headings."""
    bare = (re.sub(r"[^\w\- ]", "", one.title.lower()) for one in sections(page))
    return {name.replace(" ", "-") for name in bare}


def _without_blocks(text: str) -> str:
    """The same length, so that places stay what they are."""
    return FENCE.sub(lambda found: re.sub(r"\S", " ", found[0]), text)
