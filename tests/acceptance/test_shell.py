"""The shell where somebody mistypes, or where things are not as they should be."""

from pathlib import Path

import pytest

from tests.acceptance.fleet import Place, a_line, a_place, an_inbox

ANTHROPIC = "anthropic/claude-haiku-4-5"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return a_place(tmp_path)


@pytest.mark.parametrize(
    ("command", "choices"),
    [
        ("dead list --cause tyop", "not_json"),
        ("dead requeue --cause tyop", "not_json"),
        ("dead drop --cause tyop --why x", "not_json"),
        ("dead list --stage tyop", "enrich"),
        ("ticket list --state tyop", "in_review"),
        ("ticket list --tier tyop", "premium"),
    ],
)
def test_a_value_that_does_not_exist_is_answered_with_those_that_do(
    place: Place, command: str, choices: str
) -> None:
    """To find nothing by it would say that all is well."""
    said = place.ask(*command.split(), code=2)
    assert "'tyop' is no " in said.err
    assert choices in said.err


def test_a_hostile_text_does_nothing_to_the_terminal(place: Place) -> None:
    hostile = "\x1b]0;owned\x07\u202eT"
    place.take_in(a_line("T-1", f"\x1b[2JHello {hostile}", subject=hostile), "\x1b[2J owned")
    [_, garbage] = place.runs()
    for words in (("ticket", "show", "T-1"), ("dead", "show", garbage.external_id)):
        said = place.ask(*words).out
        assert "owned" in said
        assert "\x1b" not in said
        assert "\u202e" not in said


def test_a_long_list_says_that_it_is_not_all(place: Place) -> None:
    for number in range(3):
        place.take_in(a_line(f"T-{number}", f"Hello {number}"))
    said = place.ask("ticket", "list", "--limit", "2")
    assert "the newest 2" in said.err
    assert "T-0" not in said.out
    assert place.ask("ticket", "list").err == ""


def test_intake_without_a_source_polls_those_that_are_configured(tmp_path: Path) -> None:
    names = [an_inbox(tmp_path / f"{name}.jsonl", [a_line(name, "Hello")]) for name in "ab"]
    listed = ", ".join(f'"file:{name}"' for name in names)
    (tmp_path / "here").mkdir()
    place = a_place(tmp_path / "here", settings=f"inboxes = [{listed}]\n")
    assert place.ask("intake", "--json").json()["ingested"] == 2


def test_intake_on_a_ledger_of_ones_own_never_takes_in_the_sample(
    tmp_path: Path, postgres_url: str
) -> None:
    place = a_place(tmp_path, {"TRIAGE_LEDGER_URL": postgres_url})
    place.ask("migrate")
    assert "name a source" in place.ask("intake", code=2).err


def test_a_broker_that_is_down_is_an_alert(tmp_path: Path) -> None:
    place = a_place(tmp_path, {"TRIAGE_BROKER_URL": "redis://127.0.0.1:1/0"})
    assert "ALERT broker down" in place.ask("status", code=3).out


def test_a_short_secret_key_is_refused_with_a_remedy(tmp_path: Path) -> None:
    place = a_place(tmp_path, {"TRIAGE_SECRET_KEY": "short"})
    said = place.ask("status", code=4).err
    assert "TRIAGE_SECRET_KEY has fewer than 16 characters" in said
    assert "openssl rand" in said


def test_a_model_without_its_key_is_not_asked(tmp_path: Path) -> None:
    """Config names it, and the environment has no key for it."""
    place = a_place(tmp_path, {"OPENAI_API_KEY": "made up"})
    place.take_in(a_line("T-1", "Hello"))
    said = place.ask("ticket", "replay", "T-1", "--model", ANTHROPIC, code=2)
    assert "ANTHROPIC_API_KEY is not set" in said.err


def test_retry_speaks_json_before_and_after(place: Place) -> None:
    place.take_in("not json")
    [dead] = place.runs()
    said = place.ask("ticket", "retry", dead.external_id, "--json", code=2)
    assert "still not_json" in said.err


def test_a_lost_secret_key_is_noticed_before_anything_is_done(place: Place) -> None:
    """A new one would make every text unreadable, in silence."""
    place.take_in(a_line("T-1", "Hello"))
    kept = (place.home / "secret.key").read_bytes()
    (place.home / "secret.key").unlink()
    assert "another secret key" in place.ask("ticket", "list", code=4).err
    (place.home / "secret.key").write_bytes(kept)
    assert "T-1" in place.ask("ticket", "list").out


@pytest.mark.parametrize("limit", ["0", "-1", "many", "99999999999999999999"])
def test_a_number_of_rows_is_a_number_of_rows(place: Place, limit: str) -> None:
    assert "is no number from 1" in place.ask("ticket", "list", f"--limit={limit}", code=2).err


def test_bytes_that_are_no_text_are_refused(place: Place) -> None:
    assert "not UTF-8" in place.ask("ticket", "list", "--model", "\udcff", code=2).err


def test_ids_and_filters_are_never_mixed(place: Place) -> None:
    """Or somebody drops by name what the filter should have spared."""
    place.take_in("not json")
    [dead] = place.runs()
    words = ("dead", "drop", dead.id, "--cause", "bug", "--why", "x", "--yes")
    assert "either IDs or which kind" in place.ask(*words, code=2).err
    twice = place.ask("dead", "drop", dead.id, dead.id, "--why", "x", "--yes", "--json").json()
    assert twice["dropped"] == 1


def test_nobody_edits_in_the_fleets_name(place: Place) -> None:
    place.take_in(a_line("T-1", "Hello"))
    words = ("helpdesk", "edit", "T-1", "queue", "cards", "--as", "triage-fleet")
    assert "say who you are" in place.ask(*words, code=2).err


def test_a_person_is_played_with_values_of_the_taxonomy(place: Place) -> None:
    """What is read back as a correction else would be a slip of the keyboard."""
    place.take_in(a_line("T-1", "Hello"))
    for field, value, known in (
        ("issue_type", "nonsense", "security, card,"),
        ("priority", "7", "1, 2, 3, 4"),
        ("queue", "nowhere", "fraud, cards,"),
        ("escalated", "fire", "money_taken, theft,"),
    ):
        words = ("helpdesk", "edit", "T-1", field, value, "--as", "ada")
        said = place.ask(*words, code=2).err
        assert f"{value!r} is no {field}: {known}" in said
        assert "--force" in said
        assert f"ada set {field} to {value}" in place.ask(*words, "--force").out
    words = ("helpdesk", "edit", "T-1", "queue", "triage", "--as", "ada")
    assert "ada set queue to triage" in place.ask(*words).out


def test_a_damaged_ledger_is_said_in_words(place: Place) -> None:
    place.home.mkdir()
    (place.home / "ledger.db").write_bytes(b"this is no database" * 1_000)
    assert "cannot be read: file is not a database" in place.ask("books", code=1).err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRIAGE_BROKER_URL", "redis://127.0.0.1:abc"),
        ("TRIAGE_LEDGER_URL", "postgresql://u@127.0.0.1:abc/x"),
        ("TRIAGE_LOG_LEVEL", "LOUD"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named(tmp_path: Path, name: str, value: str) -> None:
    assert name in a_place(tmp_path, {name: value}).ask("books", code=4).err


def test_an_address_of_a_model_is_an_address(tmp_path: Path) -> None:
    model = {"TRIAGE_MODEL": "openai/x", "TRIAGE_MODEL_PRICE": "1,2"}
    place = a_place(tmp_path, {**model, "TRIAGE_MODEL_API_BASE": "nonsense"})
    assert "TRIAGE_MODEL_API_BASE is no address" in place.ask("check", code=4).out


def test_whose_ticket_is_overdue_is_known_before_anybody_worked_on_it(place: Place) -> None:
    """A business customer's limit is ten minutes; nobody waits an hour to hear of it."""
    place.take_in(a_line("T-1", "Hello", customer="business"), a_line("T-2", "Hello"))
    assert {run.customer_tier for run in place.runs()} == {"business", "basic"}
