"""From past tickets in a file to a fleet of one's own: `triage init` on an IT helpdesk's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.environment import Environment
from config.load import load
from tasks.run import State
from tests.acceptance.fleet import AT_ONCE, Place, a_line, a_port, an_inbox
from tests.acceptance.founding import TOPICS, Founded, a_table, topics, without_config
from tests.house.checkout import ROOT
from tests.twins.desk import shipped
from worker.home import Home
from worker.models.baseline.store import load as load_model
from worker.models.baseline.store import origin

pytestmark = pytest.mark.timeout(180)

NAMES = {
    "access",
    "administrative_rights",
    "hardware",
    "hr_support",
    "internal_project",
    "miscellaneous",
    "purchase",
    "storage",
}


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Founded]:
    """By all tickets but the last 80, and some of a kind that is rare."""
    folder = tmp_path_factory.mktemp("founded")
    directory = folder / "mine"
    place = without_config(folder)
    source = a_table(folder / "past.csv", [*topics()[:-80], *RARE])
    said = place.ask("init", "--from", source, "--dir", str(directory), "--yes", "--json")
    assert said.err == ""
    with (directory / "settings.toml").open("a") as settings:
        settings.write(f"\n[pages]\nport = {a_port()}\n")
    environment = {**place.environment, "TRIAGE_CONFIG": str(directory)}
    founded = Place(folder=folder, environment=environment)
    yield Founded(place=founded, directory=directory, document=said.json())
    founded.clear()


RARE = [(f"the coffee machine on floor {floor} leaks", "Küche") for floor in "abcdefghij"]


def test_what_is_proposed_is_told_with_its_figures(founded: Founded) -> None:
    told = founded.document
    classes = {one["issue_type"]: one for one in told["classes"]}
    assert classes.keys() == NAMES | {"kueche"}
    assert told["tickets"] == sum(one["n"] for one in classes.values()) == 1_530
    assert 0.73 < told["accuracy_low"] < told["accuracy"] < told["accuracy_high"] < 0.82
    assert 0.1 < told["coverage"] < 0.4
    assert told["accuracy_of_answered"] > 0.98
    assert (told["written"], told["fallback_queue"]) == (True, "undecided")
    kitchen = classes["kueche"]
    assert (kitchen["n"], kitchen["too_rare"], kitchen["answered"]) == (10, True, 0)
    assert kitchen["queue"] == "Küche"
    purchase = classes["purchase"]
    assert purchase["recall"] > 0.8
    assert purchase["right"] >= 0.95 * purchase["answered"] > 50


def test_nothing_of_the_bank_is_left(founded: Founded) -> None:
    ours, banks = founded.config, shipped()
    assert set(ours.taxonomy.names) == NAMES | {"kueche", "other"}
    assert set(ours.taxonomy.names) & set(banks.taxonomy.names) == {"other"}
    assert ours.taxonomy.criteria == ()
    queues = {one.queue for one in ours.taxonomy.issue_types} | {ours.taxonomy.fallback_queue}
    assert not queues & {one.queue for one in banks.taxonomy.issue_types}
    sources = ours.settings.sources
    assert sources.inboxes == ()
    assert (sources.sample, sources.facts, sources.training) == (
        "helpdesk",
        str(founded.directory / "facts"),
        str(founded.directory / "training.csv"),
    )
    assert "bank" not in ours.classify.text.lower()


def test_what_customers_wrote_is_for_its_owner_alone(founded: Founded) -> None:
    assert founded.directory.stat().st_mode & 0o777 == 0o700
    assert (founded.directory / "training.csv").stat().st_mode & 0o777 == 0o600


def test_a_check_finds_nothing_wrong(founded: Founded) -> None:
    said = founded.place.ask("check", "--json").json()
    assert {one["level"] for one in said["findings"]} == {"ok"}, said
    assert "taught 9 issue types from training.csv" in str(said)


def test_the_model_is_where_a_fleet_will_look_for_it(tmp_path: Path) -> None:
    """And knows what it never answers."""
    place, mine = without_config(tmp_path), tmp_path / "mine"
    source = a_table(tmp_path / "past.csv", [*topics()[:200], *RARE])
    place.ask("init", "--from", source, "--dir", str(mine), "--yes")
    config = load(Environment.read({"TRIAGE_CONFIG": str(mine)}))
    taught = tuple(name for name in config.taxonomy.names if name != "other")
    name = origin(mine / "training.csv", taught, config.policy.asking.max_wrong)
    model = load_model(Home(place.home).cache / f"baseline-{name}.npz")
    assert set(model.labels) == NAMES | {"kueche"}
    assert model.rank(RARE[0][0]).ranking[0][0] == "kueche"
    assert model.rank(RARE[0][0]).abstains is not None


def test_new_tickets_are_triaged_by_it_alone(founded: Founded) -> None:
    """Some are written, with values of the new taxonomy; all others are given to people."""
    place, taxonomy = founded.place, founded.config.taxonomy
    lines = [
        a_line(f"IT-{number}", text, labels={"issue_type": called.lower().replace(" ", "_")})
        for number, (text, called) in enumerate(topics()[-80:])
    ]
    inbox = an_inbox(founded.place.folder / "new.jsonl", lines)
    (Path(place.environment["TRIAGE_CONFIG"]) / "policy.toml").write_text(AT_ONCE)
    told = place.triage("run", f"file:{inbox}", "--json", seconds=120).json()
    assert told["written"] + told["in_review"] == told["ingested"] == 80
    assert 5 <= told["written"] <= 40
    assert told["issue_type"]["accuracy"] >= 0.9
    for run in place.runs():
        shown = place.ask("helpdesk", "show", run.external_id, "--json").json()["fields"]
        if run.state is State.WRITTEN:
            issue = taxonomy.issue_type(shown["issue_type"])
            assert issue is not None
            assert shown["queue"] == issue.queue
        else:
            assert (shown["issue_type"], shown["queue"]) == (None, "undecided")


def test_a_run_without_a_source_takes_no_sample(founded: Founded) -> None:
    before = len(founded.place.runs())
    said = founded.place.ask("intake")
    assert "nothing was ingested" in said.out
    assert len(founded.place.runs()) == before


def test_it_reads_unless_it_is_told_to_write(tmp_path: Path) -> None:
    """Neither the directory nor a home is made."""
    place = without_config(tmp_path)
    source = a_table(tmp_path / "past.csv", [*topics()[:60], *RARE, ("", "Küche")])
    before = {*tmp_path.rglob("*")}
    said = place.ask("init", "--from", source, "--dir", str(tmp_path / "mine")).out
    assert {*tmp_path.rglob("*")} == before
    assert f"Nothing was written. With --yes {tmp_path}/mine gets taxonomy.toml" in said
    assert "Too rare, with fewer than 15 tickets: " in said
    assert "kueche (10)" in said
    assert "Left out: 1, no text (line 72)." in said
    assert "By itself it answers nothing" in said


def test_whoever_has_a_directory_keeps_it(tmp_path: Path) -> None:
    place = without_config(tmp_path)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "taxonomy.toml").write_text("# mine\n")
    source = a_table(tmp_path / "past.csv", topics()[:60])
    words = ("init", "--from", source, "--dir", str(mine))
    assert "has taxonomy.toml already" in place.ask(*words, "--yes", code=2).err
    assert "It has taxonomy.toml already" in place.ask(*words).out
    assert [path.name for path in mine.iterdir()] == ["taxonomy.toml"]
    assert (mine / "taxonomy.toml").read_text() == "# mine\n"


def test_the_policy_that_lies_there_is_the_one_that_counts(tmp_path: Path) -> None:
    """TRIAGE_CONFIG may name the directory already; what else it holds stays."""
    place = without_config(tmp_path)
    mine = tmp_path / "mine"
    place = Place(folder=tmp_path, environment={**place.environment, "TRIAGE_CONFIG": str(mine)})
    source = a_table(tmp_path / "past.csv", topics()[:400])
    words = ("init", "--from", source, "--dir", str(mine))
    strict = place.ask(*words, "--json").json()
    mine.mkdir()
    (mine / "policy.toml").write_text("[asking]\nmax_wrong = 0.3\n")
    lax = place.ask(*words, "--json", "--yes").json()
    assert strict["coverage"] < 0.5 < lax["coverage"]
    assert load(Environment.read(place.environment)).policy.asking.max_wrong == 0.3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--from zendesk", "say rt, roundup or csv:FILE"),
        ("--from csv:", "say rt, roundup or csv:FILE"),
        ("--from rt:x", "say rt, roundup or csv:FILE"),
        ("--from csv:nowhere.csv", "cannot be read: No such file"),
        ("--from csv:fixtures", "cannot be read: Is a directory"),
        ("--from csv:fixtures/bank/intent_to_issue_type.csv", "no column text"),
        ("--from csv:TOPICS --limit 5", "a file is read whole"),
        ("--from csv:TOPICS --since 5", "no span of time"),
        ("--from csv:TOPICS --limit 0", "no number from 1"),
        ("--from csv:TOPICS --dir pyproject.toml", "is no directory"),
        ("--from csv:TOPICS --fallback ?", "no name of a queue"),
        ("", "--from"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: str, said: str) -> None:
    asked = words.replace("TOPICS", str(TOPICS)).replace("?", "\t").split(" ")
    given = [str(ROOT / one) if one == "pyproject.toml" else one for one in asked if one]
    assert said in without_config(tmp_path).ask("init", *given, code=2).err


def test_a_helpdesk_without_an_address_is_said(tmp_path: Path) -> None:
    assert "TRIAGE_HELPDESK_URL" in without_config(tmp_path).ask("init", "--from", "rt", code=4).err


def test_it_imports_no_model_library(tmp_path: Path) -> None:
    """Nor Celery: it is a command, and starts nothing."""
    program = (
        "import sys; from worker.cli.main import main; code = main(sys.argv[1:]); "
        "sys.exit(code or {'litellm', 'celery', 'redis'} & {*sys.modules} or 0)"
    )
    source = a_table(tmp_path / "past.csv", topics()[:60])
    words = ("init", "--from", source, "--dir", str(tmp_path / "mine"), "--yes")
    place = without_config(tmp_path)
    said = place.start(*words, command=(sys.executable, "-c", program)).ended(60)
    assert said.code == 0, said
