"""Past tickets, and homes for which a configuration was made of them."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.environment import Environment
from config.load import Config, load
from tests.acceptance.fleet import Place, a_place
from tests.house.checkout import ROOT

TOPICS = ROOT / "fixtures" / "it_helpdesk" / "topics.csv"


def topics() -> list[tuple[str, str]]:
    """Texts of an IT helpdesk's tickets, and what they were about."""
    with TOPICS.open(encoding="utf-8", newline="") as file:
        return [(row["text"], row["issue_type"]) for row in csv.DictReader(file)]


def a_table(path: Path, rows: Iterable[tuple[str, str]]) -> str:
    """A file of past tickets, as a source is named."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "issue_type"), *rows])
    return f"csv:{path}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Founded:
    """A home for which `triage init --yes` has made a configuration, and what it said."""

    place: Place
    directory: Path
    document: Any  # JSON

    @property
    def config(self) -> Config:
        """As a fleet loads it."""
        return load(Environment.read(self.place.environment))


def without_config(folder: Path) -> Place:
    """A home that does not exist, and no TRIAGE_CONFIG."""
    (folder / "unused").mkdir()
    place = a_place(folder / "unused")
    kept = {name: text for name, text in place.environment.items() if name != "TRIAGE_CONFIG"}
    return Place(folder=folder, environment={**kept, "TRIAGE_HOME": str(folder / "home")})
