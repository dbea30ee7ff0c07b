"""The blind audit: who labels a ticket has not seen what was decided about it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from tests.acceptance.decided import decided, say
from tests.acceptance.fleet import Place, Said, a_line, a_place
from worker.ledgers.labelling import How


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A home in which every ticket is audited."""
    place = a_place(tmp_path, policy="[audit]\nshare = 1.0\nclaim_seconds = 600.0\n")
    yield place
    place.clear()


@contextmanager
def being(name: str) -> Iterator[None]:
    """Who sits at the shell."""
    with patch("getpass.getuser", return_value=name):
        yield


def ask(place: Place, name: str, *words: str, code: int = 0) -> Said:
    with being(name):
        return place.ask("audit", *words, code=code)


def shown(place: Place, name: str) -> str | None:
    """The ticket that they are shown."""
    found = ask(place, name, "next", "--json").json()["next"]
    return found and str(found["ticket"]["id"])


def test_it_shows_the_ticket_its_facts_and_the_choices_and_not_the_answer(place: Place) -> None:
    fields = {"queue": "vip-lounge", "issue_type": "identity"}
    line = a_line("T-1", "Which rate is it?", fields=fields)
    decided(place, "T-1", issue_type="exchange", queue="payments", lines=[line])
    said = ask(place, "ada", "next").out
    assert "Which rate is it?" in said
    assert "customer: basic, tier basic" in said
    assert "security" in said
    found = ask(place, "ada", "next", "--json").json()["next"]
    text = json.dumps([found["ticket"], found["facts"]])
    assert "vip-lounge" not in said + text
    assert not any(word in text for word in ("exchange", "payments", "identity"))
    assert said.count("payments") == 1, "as one of the queues that there are"
    assert found["left"] == 1


def test_the_oldest_comes_first_and_each_once(place: Place) -> None:
    decided(place, "T-1", "T-2", "T-3")
    for name in ("T-1", "T-2", "T-3"):
        assert shown(place, "ada") == name
        ask(place, "ada", "label", name, "--issue-type", "card")
    assert shown(place, "ada") is None
    assert ask(place, "ada", "next").out == "nothing is left to be labelled by you\n"


def test_two_people_do_not_get_the_same_one(place: Place) -> None:
    """For as long as one who has seen it may be at it; asked again, each gets their own."""
    decided(place, "T-1", "T-2")
    assert [shown(place, name) for name in ("ada", "bob", "ada", "bob")] == [
        *("T-1", "T-2"),
        *("T-1", "T-2"),
    ]
    assert shown(place, "cleo") is None
    later = place.shop.clock.now() + 601
    with patch("worker.clock.SystemClock.now", return_value=later):
        assert shown(place, "cleo") == "T-1"


def test_whoever_has_seen_the_answer_gets_another_one(place: Place) -> None:
    first, _ = decided(place, "T-1", "T-2")
    say(place, first, How.REVIEW, "cards", by="ada")
    assert shown(place, "ada") == "T-2"
    assert shown(place, "bob") == "T-1"
    refused = ask(place, "ada", "label", "T-1", "--issue-type", "card", code=2)
    assert "you have seen" in refused.err


def test_once_it_is_labelled_the_answer_is_shown_and_a_second_label_replaces_it(
    place: Place,
) -> None:
    [run] = decided(place, "T-1")
    assert shown(place, "ada") == "T-1"
    said = ask(place, "ada", "label", "T-1", "--issue-type", "card", "--queue", "fraud").out
    assert [line.split() for line in said.splitlines()[1:]] == [
        ["issue_type", "card", "card", "right"],
        ["queue", "fraud", "cards", "wrong"],
    ]
    again = ask(place, "ada", "label", run.id, "--priority", "3", "--queue", "cards", "--json")
    assert again.json() == {
        "run": run.id,
        "ticket": "T-1",
        "again": True,
        "fields": [
            {"field": "priority", "said": "3", "truth": "3", "right": True},
            {"field": "queue", "said": "cards", "truth": "cards", "right": True},
        ],
    }
    found = {(one.field, one.truth, one.by) for one in place.shop.ledger.labels_of(run.id)}
    assert found == {
        ("issue_type", "card", "ada"),
        ("priority", "3", "ada"),
        ("queue", "cards", "ada"),
    }


def test_the_line_to_copy_has_the_name_that_was_given(place: Place) -> None:
    [run] = decided(place, "T-1")
    line = f"triage audit label {run.id} --issue-type TYPE --priority N --queue QUEUE"
    said = ask(place, "root", "next", "--as", "ann of cards").out.splitlines()
    assert said[-1].strip() == f"{line} --as 'ann of cards'"
    words = ("label", run.id, "--issue-type", "card", "--as", "ann of cards")
    assert "right" in ask(place, "root", *words).out


def test_nobody_labels_what_they_were_not_shown(place: Place) -> None:
    """Who picks a ticket measures the picking; and two labels of one ticket are one too many."""
    decided(place, "T-1", "T-2")
    words = ("label", "T-1", "--issue-type", "card")
    refused = ask(place, "ada", *words, code=2).err
    assert "T-1 was not shown to you: label what `triage audit next` shows" in refused
    assert shown(place, "bob") == "T-1"
    refused = ask(place, "ada", *words, code=2).err
    assert "T-1 is bob's for now: `triage audit next` shows you another one" in refused
    later = place.shop.clock.now() + 601
    with patch("worker.clock.SystemClock.now", return_value=later):
        assert "was not shown to you" in ask(place, "ada", *words, code=2).err
        assert "right" in ask(place, "bob", *words).out, "nobody else has come for it"
        assert "was not shown to you" in ask(place, "ada", *words, code=2).err
        assert "right" in ask(place, "bob", *words).out, "they mend what they said"


def test_whoever_shares_an_account_says_who_they_are(place: Place) -> None:
    decided(place, "T-1", "T-2")
    found = ask(place, "root", "next", "--as", "ada", "--json").json()["next"]
    assert found["ticket"]["id"] == "T-1"
    assert shown(place, "root") == "T-2"
    words = ("label", "T-1", "--queue", "cards")
    assert "is ada's for now" in ask(place, "root", *words, code=2).err
    ask(place, "root", *words, "--as", "ada")
    assert {one.by for one in place.shop.ledger.labels([How.AUDIT])} == {"ada"}


def test_what_tells_one_type_from_another_is_shown_whole(place: Place) -> None:
    decided(place, "T-1")
    said = " ".join(ask(place, "ada", "next").out.split())
    for one in place.shop.config.taxonomy.issue_types:
        assert f"{one.name} {one.description}" in said


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("T-1",), "say what it should be"),
        (("T-1", "--issue-type", "kard"), "'kard' is no issue_type: "),
        (("T-1", "--priority", "5"), "'5' is no priority: 1, 2, 3, 4"),
        (("T-1", "--queue", "nowhere"), "'nowhere' is no queue: "),
        (("T-9", "--priority", "1"), "'T-9' is not in the audit"),
    ],
)
def test_what_cannot_be_a_label_is_refused(place: Place, words: tuple[str, ...], why: str) -> None:
    decided(place, "T-1")
    assert why in ask(place, "ada", "label", *words, code=2).err


def test_a_ticket_whose_text_was_forgotten_is_not_asked_about(place: Place) -> None:
    decided(place, "T-1", lines=[a_line("T-1", "Hello", customer="plus")])
    decided(place, "T-2")
    place.ask("forget", "--requester", "plus@example.com", "--yes")
    assert shown(place, "ada") == "T-2"


def test_chance_chooses_by_the_runs_id_alone_and_always_the_same(place: Place) -> None:
    """Whatever was decided, and about as many as is said."""
    vault = place.shop.vault
    lots = [vault.lot(f"run-{number}") for number in range(5_000)]
    assert lots == [vault.lot(f"run-{number}") for number in range(5_000)]
    assert all(0 <= lot < 1 for lot in lots)
    assert 70 <= sum(lot < 0.02 for lot in lots) <= 130
    assert len(set(lots)) == len(lots)


def test_with_a_share_of_none_it_is_off(place: Place, tmp_path: Path) -> None:
    decided(place, "T-1")
    off = place.reconfigured(tmp_path / "off", "policy", "share = 1.0", "share = 0.0")
    assert "`share` under [audit] in policy.toml is 0" in ask(off, "ada", "next").out
    assert "is not in the audit" in ask(off, "ada", "label", "T-1", "--queue", "cards", code=2).err
