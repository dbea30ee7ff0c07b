"""docs/interface.md and the README promise what the code does, all of it, and nothing else."""

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import get_args

import pytest

from config.guards import GUARDS
from config.tiers import TIERS
from tasks.causes import Cause
from tasks.detour import GiveUp
from tasks.intake import Malformed, parse_ticket
from tasks.ports.ledger import Pause
from tasks.run import StageName, State
from tests.acceptance.decided import decided
from tests.acceptance.fleet import Place, a_line, a_place
from tests.house.checkout import ROOT
from tests.house.deployed import example
from tests.house.documents import (
    INTERFACE,
    PAGES,
    README,
    anchors,
    blocks,
    in_code,
    links,
    rows,
    section,
)
from tests.house.reasons import turned
from tests.house.said import REFUSED, RESTORED, SAID
from tests.house.shapes import (
    NEEDS_A_HELPDESK,
    NEEDS_A_SIGNAL,
    NEEDS_A_WORKER,
    differences,
    promised,
    read,
)
from tests.house.spoken import commands, nouns, pieces, strangers, usage
from tests.ledgers import move
from tests.moneyed import answered, reserved
from worker.cli.exit_codes import ExitCode
from worker.cli.span import moment, seconds

LIMIT = 65_536


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A home with tickets that are queued, dead and decided, and a line that is none."""
    place = a_place(tmp_path, policy="[audit]\nshare = 1.0\n")
    place.take_in(a_line("T-1", "Which rate is it?"), a_line("T-2", "Which fee?"), "no json")
    turned(place, place.run("T-2"), GiveUp(cause=Cause.BUG, why="a test"), "enrich")
    decided(place, "T-3")
    place.ask("audit", "next")  # whoever labels it has been shown it
    move(place.shop.ledger, reserved(place.shop.ledger, 300), answered(120))
    place.shop.ledger.pause(Pause(scope="premium", since=0.0, by="Ada", why="a test"))
    yield place
    place.clear()


# ── Commands ─────────────────────────────────────────────────────────────────────────────────────


def _documented() -> dict[str, list[str]]:
    """Command -> the pieces of its usage line."""
    return dict(pieces(row[0].strip("`")) for row in rows(section(INTERFACE, "Commands")))


def test_every_command_is_documented_and_no_other() -> None:
    assert _documented().keys() == commands().keys()


@pytest.mark.parametrize("command", sorted(commands()))
def test_its_words_and_options_are_those_of_the_grammar(command: str) -> None:
    """Each with its name for a value, and in brackets where it may be left out."""
    assert sorted(_documented()[command]) == sorted(usage(commands()[command]))


def test_the_lists_of_values_are_those_of_the_code() -> None:
    text = section(INTERFACE, "Commands")
    lists: dict[str, Collection[str]] = {
        "STATE": list(State),
        "STAGE": get_args(StageName),
        "TIER": TIERS,
        "GUARD": GUARDS,
    }
    for name, values in lists.items():
        [said] = re.findall(rf"^- `{name}` is one of ([^.]+)\.", text, flags=re.MULTILINE)
        assert re.findall(r"`(\w+)`", said) == list(values), name


def test_the_spans_that_are_shown_are_read() -> None:
    [said] = re.findall(
        r"^- `AGE` is a span: ([^.]+)\.", section(INTERFACE, "Commands"), re.MULTILINE
    )
    spans = re.findall(r"`(\w+)`", said)
    assert [seconds(span) for span in spans] == [90, 1_800, 7_200, 259_200]
    assert moment("2026-11-20T08:00", 0) == moment("2026-11-20T08:00Z", 0) == 1_795_161_600


def test_the_readme_lists_what_help_lists() -> None:
    [shown] = [block.text for block in blocks(README) if "start a fleet" in block.text]
    said = [tuple(line.split(maxsplit=1)) for line in shown.splitlines()]
    assert said == nouns()


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "docs" / "architecture.md", ROOT / "CHANGELOG.md"], ids=lambda p: p.name
)
def test_a_command_within_a_sentence_exists(page: Path) -> None:
    """Also where only its beginning is said; `a|b` and `[--c]` are taken apart first."""
    said = [code for code in in_code(page) if re.match(r"triage [a-z-]", code)]
    unknown = {code: strangers(words) for code in said for words in _ways(code)}
    assert {code: found for code, found in unknown.items() if found} == {}


def _ways(code: str) -> list[list[str]]:
    """`triage dead list|show [--json]` as the two things that it says."""
    words = shlex.split(re.sub(r"[\[\]]", " ", code))[1:]
    many = [word.split("|") for word in words]
    most = max(len(ways) for ways in many)
    return [[ways[min(n, len(ways) - 1)] for ways in many] for n in range(most)]


def test_what_does_not_exist_is_noticed() -> None:
    assert strangers(["halt", "all"]) == ["triage halt"]
    assert strangers(["dead", "bury"]) == ["triage dead bury"]
    assert strangers(["dead", "list", "--cuase=x", "--group"]) == ["--cuase"]
    assert strangers(["books"]) == []


# ── Exit codes and environment ───────────────────────────────────────────────────────────────────


def test_every_exit_code_is_documented_with_its_number() -> None:
    documented = {(int(row[0]), row[1]) for row in rows(section(INTERFACE, "Exit codes"))}
    assert documented == {(int(code), code.name.lower().replace("_", " ")) for code in ExitCode}


def _read() -> set[str]:
    """Every name of a variable in the one file that may read any."""
    tree = ast.parse((ROOT / "config" / "environment.py").read_text())
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {text for text in texts if isinstance(text, str) and re.fullmatch("[A-Z_]{4,}", text)}


def test_every_variable_that_is_read_is_documented_and_no_other() -> None:
    documented = {row[0].strip("`") for row in rows(section(INTERFACE, "Environment"))}
    levels = {"DEBUG", "INFO", "WARNING", "ERROR"}
    assert documented == _read() - levels


def test_the_keys_that_are_named_are_those_of_models_and_helpdesks() -> None:
    below = section(INTERFACE, "Environment").rpartition("|\n")[2]
    named = set(re.findall(r"`([A-Z_]+)`", below))
    tiers, helpdesks, alerts = (
        tomllib.loads((ROOT / "config" / "defaults" / name).read_text())
        for name in ("tiers.toml", "helpdesk.toml", "alerts.toml")
    )
    models = (*tiers["models"], *tiers["judges"])
    keys = {model["credential"] for model in models if "credential" in model}
    tokens = {helpdesks["rt"]["credential"], alerts["webhook"]["credential"]}
    logins = {alerts["smtp"][name] for name in ("user_credential", "credential")}
    assert named == keys | tokens | logins


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_variable_that_is_named_anywhere_exists(page: Path) -> None:
    """It is read by us, or explained in .env.example for the files of the deployment."""
    named = set(re.findall(r"\bTRIAGE_[A-Z_]+\b", page.read_text()))
    assert named - _read() - example().keys() == set()


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_command_that_prints_json_has_its_document() -> None:
    told = {pieces(command.replace("--", " --"))[0] for command in promised()} - {""}
    printing = {name for name, parser in commands().items() if "[--json]" in usage(parser)}
    assert told == printing - {"triage dead show"}
    assert commands()["triage dead show"].get_default("handler") == (
        commands()["triage ticket show"].get_default("handler")
    )


def test_every_document_is_compared_with_what_is_printed() -> None:
    """Here or, of those that need a worker, in tests/acceptance/test_docs_commands.py."""
    assert promised().keys() == (
        SAID.keys() | NEEDS_A_WORKER | NEEDS_A_HELPDESK | NEEDS_A_SIGNAL | {REFUSED, RESTORED}
    )


@pytest.mark.parametrize("command", SAID)
def test_the_document_has_the_keys_that_are_promised(place: Place, command: str) -> None:
    words = SAID[command].replace("FILE", str(place.folder / "kept")).split()
    found = place.ask(*words, "--json").json()
    assert list(differences(found, promised()[command], command)) == []


def test_a_backup_that_is_put_back_has_the_keys_that_are_promised(
    place: Place, tmp_path: Path
) -> None:
    place.ask("backup", str(tmp_path / "kept"))
    (tmp_path / "other").mkdir()
    other = a_place(tmp_path / "other")
    said = other.ask("restore", str(tmp_path / "kept"), "--json").json()
    assert list(differences(said, promised()[RESTORED], RESTORED)) == []
    other.clear()


def test_what_was_refused_has_the_keys_that_are_promised(place: Place) -> None:
    said = place.ask("dead", "requeue", "--cause", "not_json", "--json", code=ExitCode.FAILED)
    assert list(differences(said.json(), promised()[REFUSED], REFUSED)) == []


def test_the_inbox_line_that_is_shown_is_read(place: Place) -> None:
    """All of it: each key that is explained holds something in the ticket."""
    jsons = [block.text for block in blocks(INTERFACE) if block.language == "json"]
    [shown] = [text for text in jsons if "requester" in text]
    line = json.loads(shown)
    ticket = parse_ticket(json.dumps(line).encode(), body_bytes=LIMIT)
    assert not isinstance(ticket, Malformed), ticket
    assert all(value for _, value in ticket)
    assert {name for name, _ in ticket} | {"labels"} == set(line)
    for needed in ("id", "requester", "created_at"):
        found = parse_ticket(json.dumps(line | {needed: None}).encode(), body_bytes=LIMIT)
        assert isinstance(found, Malformed), needed


def test_a_document_that_is_not_as_promised_is_noticed() -> None:
    shape = read("{a, b? {c}, d [{e}]}")
    assert list(differences({"a": 1, "d": [{"e": 1}]}, shape)) == []
    assert list(differences({"a": 1, "b": {"c": 2}, "d": [{"e": 1}]}, shape)) == []
    assert list(differences({"d": [{"e": 1}]}, shape)) == ["it has no a"]
    assert list(differences({"a": 1, "d": [{"f": 1}]}, shape)) == [
        "it.d[0] has f, undocumented",
        "it.d[0] has no e",
    ]
    assert list(differences({"a": 1, "b": None, "d": []}, shape)) == ["it.b is None", "it.d is []"]
    for broken in ("{a, b", "{a b}", "[a]", "[{a}", "{a}}", ""):
        with pytest.raises(ValueError, match="no shape"):
            read(broken)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_what_there_is(page: Path) -> None:
    for link in links(page):
        if link.startswith("http"):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_the_readme_leads_to_every_page() -> None:
    told = {(ROOT / link.partition("#")[0]).resolve() for link in links(README)}
    assert set((ROOT / "docs").glob("*.md")) - told == set()
