"""Makes the fixtures but for golden and mail from the data sets: `DATA [--to FOLDER]`.

The same data give the same bytes, wherever it runs. The READMEs in those folders are written by
hand and stay as they are.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.fixture_maker import facts
from tests.fixture_maker.draw import Draw
from tests.fixture_maker.inbox import inbox
from tests.fixture_maker.people import Person, people
from tests.fixture_maker.sample import read_rows
from tests.fixture_maker.topics import topics

SEED = 0


def main(arguments: Sequence[str]) -> int:
    """Writes the fixtures, and says so."""
    parser = argparse.ArgumentParser(prog="make_fixtures", description=__doc__)
    parser.add_argument("data", type=Path, help="the folder that holds bank/ and LICENSES/")
    parser.add_argument("--to", type=Path, default=Path("fixtures"), help="default: fixtures")
    given = parser.parse_args(arguments)
    draw = Draw(SEED)
    everybody = people(draw)
    _write_inbox(given.data, given.to, everybody, draw)
    _write_bank(given.data, given.to)
    _write_facts(given.to, everybody, draw)
    _write_topics(given.data, given.to, draw)
    _write_attacks(given.data, given.to)
    _write_licence(given.data, given.to)
    sys.stdout.write(f"fixtures are in {given.to}\n")
    return 0


def _write_inbox(data: Path, to: Path, everybody: list[Person], draw: Draw) -> None:
    lines = inbox(read_rows(data / "bank" / "inbox.csv"), everybody, draw)
    _folder(to, "inbox").joinpath("bank.jsonl").write_bytes(b"\n".join([*lines, b""]))


def _write_bank(data: Path, to: Path) -> None:
    """The grouping alone decides issue types: the examples' own column of them stays behind."""
    bank = _folder(to, "bank")
    grouping = (data / "bank" / "intent_to_issue_type.csv").read_text(encoding="utf-8")
    bank.joinpath("intent_to_issue_type.csv").write_text(grouping, encoding="utf-8", newline="\n")
    with (
        (data / "bank" / "train.csv").open(encoding="utf-8", newline="") as source,
        (bank / "train.csv").open("w", encoding="utf-8", newline="") as target,
    ):
        columns = ("id", "text", "intent")
        written = csv.DictWriter(target, columns, extrasaction="ignore", lineterminator="\n")
        written.writeheader()
        written.writerows(csv.DictReader(source))


def _write_facts(to: Path, everybody: list[Person], draw: Draw) -> None:
    accounts = facts.accounts(everybody, draw)
    customers = [str(account["customer_id"]) for account in accounts.values()]
    content: dict[str, object] = {
        "accounts.json": accounts,
        "billing_events.json": facts.billing_events(customers, draw),
        "incidents.json": facts.incidents(customers, draw),
        "interactions.json": facts.interactions(customers, draw),
    }
    for name, value in content.items():
        text = json.dumps(value, indent=1) + "\n"
        _folder(to, "facts").joinpath(name).write_text(text, encoding="utf-8", newline="\n")


def _write_attacks(data: Path, to: Path) -> None:
    """Texts alone, whole, with where each is from."""
    lines = (data / "adversarial" / "adversarial_dev.jsonl").read_bytes().splitlines()
    wanted = ("id", "kind", "source", "licence", "text")
    rows = [{name: row[name] for name in wanted} for row in map(json.loads, lines)]
    with _folder(to, "adversarial").joinpath("attacks.jsonl").open("w", newline="\n") as target:
        target.writelines(f"{json.dumps(row)}\n" for row in rows)


def _write_topics(data: Path, to: Path, draw: Draw) -> None:
    rows = topics(data / "it_helpdesk" / "endava_topic_only.csv", draw)
    path = _folder(to, "it_helpdesk") / "topics.csv"
    with path.open("w", encoding="utf-8", newline="") as target:
        written = csv.writer(target, lineterminator="\n")
        written.writerow(("text", "issue_type"))
        written.writerows(rows)


def _write_licence(data: Path, to: Path) -> None:
    for name in LICENCES:
        text = (data / "LICENSES" / name).read_bytes()
        _folder(to, "LICENSES").joinpath(name).write_bytes(text)


LICENCES = (
    "banking77_CCBY4",
    "bipia_MIT",
    "blns_MIT",
    "garak_Apache2",
    "giskard_MIT",
    "payloadsallthethings_MIT",
)


def _folder(to: Path, name: str) -> Path:
    folder = to / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
