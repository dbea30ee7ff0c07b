"""Issue types, queues, priorities and words follow from what people have decided."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest

from config.environment import Environment
from config.load import load
from tasks.errors import OperatorError
from worker.operating.proposing.documents import documents
from worker.operating.proposing.folder import put
from worker.operating.proposing.past import Omissions, Past, Pile, piled
from worker.operating.proposing.proposal import Proposal, proposed


def pile(*tickets: Past, queues: Iterable[str] | None = None) -> Pile:
    numbered = ((str(number), one) for number, one in enumerate(tickets))
    return piled(numbered, Omissions(), queues=None if queues is None else frozenset(queues))


def some(name: str, count: int, text: str = "about", **more: object) -> list[Past]:
    """So many tickets of an issue type, each in words of its own besides."""
    return [
        Past(text=f"{text} {name} {'i' * number}", issue_type=name, **more)  # type: ignore[arg-type]
        for number in range(1, count + 1)
    ]


def test_the_queue_is_where_most_of_its_tickets_ended() -> None:
    found = proposed(
        pile(
            *some("a", 3, queue="IT & Netz"),
            *some("a", 2, "on", queue="Rest"),
            *some("b", 1, queue="Rest"),
        ),
        fallback=None,
    )
    assert [(one.name, one.queue, one.in_queue, one.tickets) for one in found.types] == [
        ("a", "IT & Netz", 3, 5),
        ("b", "Rest", 1, 1),
    ]


def test_without_any_queue_each_type_has_one_of_its_name() -> None:
    found = proposed(pile(*some("IT & Netz", 2), *some("x" * 61, 1)), fallback=None)
    assert [one.queue for one in found.types] == ["IT & Netz", "undecided"]


def test_a_type_whose_tickets_say_no_queue_goes_where_people_look() -> None:
    tickets = [*some("a", 2, queue="Rest"), *some("b", 1), *some("c", 1, queue="q\x07")]
    found = proposed(pile(*tickets), fallback="people")
    assert [one.queue for one in found.types] == ["Rest", "people", "people"]


@pytest.mark.parametrize(
    ("queues", "asked", "fallback"),
    [
        (None, None, "undecided"),
        (None, "Sortieren", "Sortieren"),
        (["General", "Geräte", "Inbox"], None, "Inbox"),
        (["Geräte", "Rest"], None, "Geräte"),
        (["Geräte", "Rest"], "Rest", "Rest"),
    ],
)
def test_the_rest_goes_where_people_sort(
    queues: list[str] | None, asked: str | None, fallback: str
) -> None:
    """As asked, or by its name; in a helpdesk it is one that there is, the busiest if need be."""
    tickets = pile(*some("a", 2, queue="Geräte"), *some("b", 1, queue="Rest"), queues=queues)
    assert proposed(tickets, fallback=asked).fallback == fallback


def test_a_fallback_that_there_is_not_is_refused() -> None:
    tickets = pile(*some("a", 2, queue="Rest"), *some("b", 1), queues=["Rest"])
    with pytest.raises(OperatorError, match="there is no queue 'Sortieren': Rest"):
        proposed(tickets, fallback="Sortieren")
    with pytest.raises(OperatorError, match="no name of a queue"):
        proposed(pile(*some("a", 2), *some("b", 1)), fallback="")


def test_queues_without_past_tickets_are_idle() -> None:
    tickets = pile(*some("a", 2, queue="Rest"), *some("b", 1), queues=["Rest", "Neu", "Alt"])
    assert proposed(tickets, fallback=None).idle == ("Alt", "Neu")


def test_a_priority_is_the_median_of_peoples_where_there_are_ten() -> None:
    few, many = (
        some("few", 9, priority=1),
        [*some("many", 6, priority=2), *some("many", 5, "on", priority=4)],
    )
    urgent = some("urgent", 10, priority=1)
    found = {one.name: one for one in proposed(pile(*few, *many, *urgent), fallback=None).types}
    shown = {name: (one.priority, one.business, one.prioritised) for name, one in found.items()}
    assert shown == {"few": (3, 2, 9), "many": (2, 1, 11), "urgent": (1, 1, 10)}


def test_words_are_those_that_tell_it_from_the_others() -> None:
    tickets = [
        *some(
            "devices",
            6,
            "please help, the monitor is dark, mail bob@corp.example 4711 x4 http://corp.example/monitors",
        ),
        *some("access", 6, "please help, the password is old"),
    ]
    found = {one.name: one.words for one in proposed(pile(*tickets), fallback=None).types}
    assert set(found["devices"]) == {"monitor", "dark", "mail", "devices"}
    assert set(found["access"]) == {"password", "old", "access"}


def test_what_one_customer_alone_has_written_is_no_word() -> None:
    """It may be a name, however often it stands there; nor what stands in few tickets."""
    tickets = [
        *some("a", 9, "regards Zaphod, the printer", requester="zaphod@example.com"),
        *some("a", 1, "the printer", requester="ada@example.com"),
        *some("a", 1, "a printer", requester="bob@example.com"),
        *some("a", 4, "scanner"),
        *some("b", 40, "the screen"),
    ]
    found = {one.name: one.words for one in proposed(pile(*tickets), fallback=None).types}
    assert "printer" in found["a"]
    assert not {"zaphod", "regards", "scanner"} & set(found["a"])


@pytest.mark.parametrize(
    ("tickets", "said"),
    [
        ([], "no ticket with a text and an issue type"),
        (some("a", 9), "every ticket has the issue type 'a'"),
        (
            [one for number in range(201) for one in some(f"t{number}", 1)],
            "201 issue types.*right column",
        ),
    ],
)
def test_tickets_that_tell_nothing_apart_are_refused(tickets: list[Past], said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        proposed(pile(*tickets), fallback=None)


HOSTILE = (
    'a "quoted" name',
    "back\\slash = [x]",
    "three\n[issue_types.injected]",
    "# no comment",
    "replace",
    "Other",
    "請求",
    "\u202edetrevni",
    "{tickets}",
    "l" * 400,
    "del\x7fete",
)


def written(folder: Path, proposal: Proposal, source: str = "csv:x") -> Path:
    directory = folder / 'my "own"\x7f folder'
    put(documents(proposal, [proposal.names[0]], source, directory), directory)
    return directory


def test_whatever_things_are_called_the_configuration_is_valid(tmp_path: Path) -> None:
    """The names stand in the descriptions, as far as they can be shown."""
    tickets = [
        one for name in HOSTILE for one in some(name, 2, 'text, \r\n"of" \x00\x07 it', queue=name)
    ]
    proposal = proposed(pile(*tickets), fallback=None)
    directory = written(tmp_path, proposal)
    config = load(Environment.read({"TRIAGE_CONFIG": str(directory)}))
    assert config.taxonomy.names == proposal.names
    assert "replace_2" in config.taxonomy.names
    descriptions = " ".join(one.description for one in config.taxonomy.issue_types)
    assert 'a "quoted" name' in descriptions
    assert "three [issue_types.injected]" in descriptions
    assert descriptions.isprintable()
    assert Path(config.settings.sources.training) == directory / "training.csv"


def test_a_type_for_what_is_none_of_them_is_added_for_hosted_models(tmp_path: Path) -> None:
    proposal = proposed(pile(*some("a", 2), *some("b", 2)), fallback="people")
    raw = tomllib.loads((written(tmp_path, proposal) / "taxonomy.toml").read_text())
    assert raw["issue_types"]["other"]["queue"] == raw["fallback_queue"] == "people"
    assert raw["criteria"] == {"replace": True}
