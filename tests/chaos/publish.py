"""Puts what storms left into docs/reliability.md: `python -m tests.chaos.publish [FILE …]`.

Files are copied to docs/results first, where the tables are made from: none of it is typed.
"""

import argparse
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.acceptance.fleet import ROOT
from tests.chaos.plan import HEAVY, Kind

RESULTS = ROOT / "docs" / "results"
PAGE = ROOT / "docs" / "reliability.md"
BEGIN, END = "<!-- results: made by tests.chaos.publish -->", "<!-- end of results -->"
HEAVY_FAULTS, LIGHT_FAULTS = "process_store_disk", "message_provider_helpdesk_clock"
CAP = 300
"""Of one kind of message, provider, helpdesk or clock fault no more are counted."""

Document = Mapping[str, Any]


def results(folder: Path = RESULTS) -> str:
    """The tables, from the documents in that folder."""
    storms = _read(folder, "chaos-*.json")
    kills = [one for one in storms if _is_of_kills(one)]
    parts = [
        _storms([one for one in storms if not _is_of_kills(one)]),
        _guards([one for one in storms if "breakers" in one]),
        _raw(_read(folder, "raw-*.json")),
        _recovery(kills, _read(folder, "flush-*.json")),
        _upgrades(_read(folder, "upgrade-*.json")),
    ]
    return "\n\n".join(part for part in parts if part)


def page(text: str, made: str) -> str:
    """The page with these tables between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def _read(folder: Path, pattern: str) -> list[Document]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob(pattern))]


def _is_of_kills(storm: Document) -> bool:
    return set(storm["faults"][HEAVY_FAULTS]) == {Kind.WORKER_KILL}


def _storms(storms: Sequence[Document]) -> str:
    if not storms:
        return ""
    rows, kinds = [], []
    for ledger in ("postgres", "sqlite"):
        of_it = [one for one in storms if one["ledger"] == ledger]
        if not of_it:
            continue
        heavy = _added(one["faults"][HEAVY_FAULTS] for one in of_it)
        light = _added(one["faults"][LIGHT_FAULTS] for one in of_it)
        counted = sum(min(count, CAP) for count in light.values())
        faults = heavy.total() + counted
        violations = sum(_violations(one) for one in of_it)
        busy = sum(one["kills_of_busy_workers"] for one in of_it)
        rows.append(
            (
                ledger,
                ", ".join(str(one["seed"]) for one in of_it),
                f"{sum(one['tickets'] for one in of_it):,}",
                f"{heavy.total()} of {len(heavy)} kinds",
                f"{counted:,} of {sum(bool(n) for n in light.values())} kinds",
                f"{busy} of {sum(one['kills'] for one in of_it)}",
                f"**{violations}**",
                f"{3 / faults:.4f}",
                sum(one["twins_found"] for one in of_it),
                f"{max(one['rest_seconds'] or 0 for one in of_it):.0f} s",
            )
        )
        kinds.append((ledger, heavy))
    every = [
        (kind.replace("_", " "), *(found[kind] for _, found in kinds))
        for kind in HEAVY
        if any(found[kind] for _, found in kinds)
    ]
    return "\n\n".join(
        (
            _table(
                (
                    "ledger",
                    "seeds",
                    "tickets",
                    "process, store and disk faults",
                    "message, provider, helpdesk and clock faults",
                    "kills of a busy worker",
                    "violations",
                    "95 % bound a fault (3/N)",
                    "twins found",
                    "at rest after",
                ),
                rows,
            ),
            _table(("times", *(ledger for ledger, _ in kinds)), every),
        )
    )


def _guards(storms: Sequence[Document]) -> str:
    """Of the storms in which providers and money were struck."""
    if not storms:
        return ""
    head = (
        "ledger",
        "seed",
        "model calls",
        "retries",
        "outages, in quiet",
        "breakers opened, in quiet",
        "probes",
        "closings judged",
        "money short",
        "violations of I6, I7, I8",
    )
    rows = [
        (
            one["ledger"],
            one["seed"],
            f"{one['model_calls']:,}",
            one["retries"],
            f"{one['breakers']['outages']}, {one['breakers']['outages_in_quiet']}",
            f"{one['breakers']['openings']}, {one['breakers']['openings_in_quiet']}",
            one["breakers"]["probes"],
            one["breakers"]["closings_in_quiet"],
            f"{one['leans']} times",
            "**{}, {}, {}**".format(*(len(one["violations"][name]) for name in JUDGED)),
        )
        for one in storms
    ]
    return f"**Providers and the day's money struck too:**\n\n{_table(head, rows)}"


JUDGED = ("I6", "I7", "I8")


def _raw(runs: Sequence[Document]) -> str:
    if not runs:
        return ""
    rows = [
        (one["seed"], one["tickets"], one[HEAVY_FAULTS], one["lost"], one["written_twice"])
        for one in runs
    ]
    table = _table(
        ("seed", "tickets", "process, store and disk faults", "lost", "written twice"), rows
    )
    return (
        "**Raw Celery under the same nemesis** (`tests/chaos/raw_app.py`: a chain of two tasks, "
        "late acknowledgement, retries, messages of the dead back after 60 s instead of an hour; "
        f"what only this fleet has is not struck):\n\n{table}"
    )


def _recovery(kills: Sequence[Document], flushes: Sequence[Document]) -> str:
    died = [
        (
            one["ledger"],
            one["seed"],
            one["kills"],
            one["recovery"]["runs"],
            *(f"{one['recovery'][name]:.1f} s" for name in SHARES),
            f"{one['model_calls_repeated']} of {one['asking_at_kills']} in flight",
        )
        for one in kills
    ]
    emptied = [
        (one["ledger"], f"{one['queued']:,}", f"{one['back_seconds']} s", one["sends_a_ticket"])
        for one in flushes
    ]
    parts: list[str] = []
    if died:
        head: tuple[str, ...] = (
            "ledger",
            "seed",
            "kills",
            "runs in hand",
            *SHARES,
            "model calls repeated",
        )
        parts.append(
            "**Until a killed worker's runs are in other hands,** kills every few seconds under "
            f"load, nothing else wrong:\n\n{_table(head, died)}"
        )
    if emptied:
        head = ("ledger", "queued", "all of it back after", "sends a ticket")
        parts.append(f"**FLUSHALL:**\n\n{_table(head, emptied)}")
    return "\n\n".join(parts)


SHARES = ("p50", "p90", "p99", "max")


def _upgrades(upgrades: Sequence[Document]) -> str:
    if not upgrades:
        return ""
    rows = [
        (
            f"{one['schema'][0]} to {one['schema'][1]}",
            f"{one['seconds'] / 60:.0f} min",
            one["tickets"],
            f"{one['migrating_seconds']} s",
            f"{one['books_looked_at']}, {one['unbalanced']} unbalanced",
            sum(map(len, one["violations"].values())),
        )
        for one in upgrades
    ]
    head = ("schema", "both on it", "tickets", "migrating took", "books looked at", "violations")
    return f"**An old version beside this one,** a migration in the middle:\n\n{_table(head, rows)}"


def _violations(storm: Document) -> int:
    return sum(map(len, storm["violations"].values()))


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    found = Counter[str]()
    for count in counts:
        found.update(count)
    return found


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)


def main() -> None:
    """Copies, and writes the page anew."""
    parser = argparse.ArgumentParser(prog="tests.chaos.publish", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="of out/chaos")
    RESULTS.mkdir(exist_ok=True)
    for file in parser.parse_args().files:
        name = f"chaos-{file.name}" if file.stem.isdecimal() else file.name
        shutil.copyfile(file, RESULTS / name)
    PAGE.write_text(page(PAGE.read_text(), results()))


if __name__ == "__main__":
    main()
