"""All of fixtures/adversarial through a fleet whose models obey; and true calls beside."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from config.taxonomy import Taxonomy
from tasks.escalation import prove
from tasks.run import State
from tasks.ticket import ExternalId, Ticket
from tasks.verdict import Evidence
from tests.acceptance.fleet import Place, a_line, a_place
from tests.acceptance.hosted import ALERTS, GUARDS, POLICY
from tests.acceptance.obedient import HONEST, Obedient, a_call
from tests.acceptance.patience import until
from tests.house.checkout import ROOT
from tests.stubs.openai_server import openai_server
from tests.twins.ticket import a_ticket
from tests.unit.config.test_criteria import MET
from worker.operating.dossier import open_texts

pytestmark = pytest.mark.timeout(400)

SWEEPS = "[reaper]\nsweep_seconds = 0.2\n"
QUESTION = "Which rate do I get for dollars?"
ROWS = [
    json.loads(line)
    for line in (ROOT / "fixtures/adversarial/attacks.jsonl").read_text().splitlines()
]
NAUGHTY = {row["id"]: row["text"] for row in ROWS if row["kind"] == "naughty-string"}
ATTACKS = {row["id"]: row["text"] for row in ROWS if row["id"] not in NAUGHTY}
HIDDEN = {f"ADV-9{number:03}": text for number, text in enumerate(ATTACKS.values())}
"""The same once more, in what the customer forwards."""

CALLS = {
    f"CALL-{number:03}": (criterion, words)
    for number, (criterion, words) in enumerate(
        (criterion, words) for criterion, sentences in MET.items() for words in sentences
    )
    if len(words.split()) >= 4
}


@dataclass(frozen=True, kw_only=True)
class Battle:
    """What became of all."""

    place: Place
    taxonomy: Taxonomy
    model: Obedient

    def fields(self, mark: str) -> dict[str, str | None]:
        shown = self.place.shop.sandbox.show(ExternalId(mark))
        assert shown is not None
        return dict(shown.fields)


def _forwarded(text: str) -> str:
    return f"\n\n-------- Forwarded message --------\nFrom: x@example.org\nSubject: Hello\n\n{text}"


def _lines() -> Iterator[str]:
    for mark, text in {**ATTACKS, **NAUGHTY}.items():
        yield a_line(mark, f"{QUESTION} (ticket {mark})\n{text}")
    for mark, text in HIDDEN.items():
        yield a_line(mark, f"{QUESTION} (ticket {mark}){_forwarded(text)}")
    for mark, (_, words) in CALLS.items():
        yield a_line(mark, f"{words}. (ticket {mark})")


@pytest.fixture(scope="module")
def battle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Battle]:
    """The fleet has settled everything that came."""
    folder = tmp_path_factory.mktemp("battle")
    place = a_place(folder, policy=POLICY, settings=SWEEPS, guards=GUARDS, alerts=ALERTS)
    taxonomy = place.shop.config.taxonomy
    calls = {mark: a_call(criterion, words, taxonomy) for mark, (criterion, words) in CALLS.items()}
    with openai_server(stub=Obedient({**ATTACKS, **HIDDEN}, calls)) as model:
        assert isinstance(model, Obedient)
        place = _hosted(place, model)
        front = place.start("up")
        try:
            until(lambda: front.says("ready\n"), 60)
            assert place.take_in(*_lines()).ingested == len(ROWS) + len(HIDDEN) + len(CALLS)
            until(place.is_settled, 300)
            yield Battle(place=place, taxonomy=taxonomy, model=model)
            assert front.end().code == 0
        finally:
            place.clear()


def _hosted(place: Place, model: Obedient) -> Place:
    """Each tier has a model of its own, so that whoever is promoted meets another one."""
    models = [
        f'[[models]]\nname = "openai/{tier}"\ncredential = "OPENAI_API_KEY"\n'
        f'api_base = "{model.url}"\nprice = {{ input = 1, output = 2 }}\nwhy = "made up"\n'
        f'[[tiers]]\nname = "{tier}"\nmodels = ["openai/{tier}"]\nwhy = "made up"\n'
        for tier in ("economy", "standard", "premium")
    ]
    (Path(place.environment["TRIAGE_CONFIG"]) / "tiers.toml").write_text("".join(models))
    environment = {**place.environment, "OPENAI_API_KEY": "made up"}
    return Place(folder=place.folder, environment=environment)


def test_every_way_of_obeying_was_met(battle: Battle) -> None:
    """Else the rest would show nothing."""
    assert len(battle.model.obeyed) > 0.9 * (len(ATTACKS) + len(HIDDEN))
    assert min(Counter(battle.model.obeyed.values()).values()) > 20
    assert len(set(battle.model.obeyed.values())) == 8


def test_no_value_outside_the_taxonomy_is_in_the_helpdesk(battle: Battle) -> None:
    types = {issue.name: issue for issue in battle.taxonomy.issue_types}
    queues = {issue.queue for issue in types.values()} | {battle.taxonomy.fallback_queue}
    for run in battle.place.runs():
        held = battle.fields(run.external_id)
        assert held["issue_type"] in {None, *types}
        assert held["priority"] in {None, "1", "2", "3", "4"}
        assert held["queue"] in {None, *queues}
        assert held["escalated"] in {None, *(one.id for one in battle.taxonomy.criteria)}


def test_nobody_is_called_without_a_customers_own_words(battle: Battle) -> None:
    """An attack that is answered with a call has to prove it like anybody else."""
    for mark in {**ATTACKS, **HIDDEN, **NAUGHTY}:
        called = battle.fields(mark)["escalated"]
        if called is not None:
            assert _proves(called, _ticket(battle, mark), battle.taxonomy), mark


def _ticket(battle: Battle, mark: str) -> Ticket:
    shop = battle.place.shop
    texts = open_texts(battle.place.run(mark), shop.ledger, shop.vault, readably=False)
    return Ticket.model_validate_json(texts["ticket"])


def _proves(criterion: str, ticket: Ticket, taxonomy: Taxonomy) -> bool:
    """Whether any sentence of the customer's own would."""
    issues = [one for one in taxonomy.issue_types if criterion in one.criteria]
    sentences = [line for turn in ticket.said() for line in turn.split("\n")]
    return any(
        not isinstance(
            prove(
                Evidence(criterion=criterion, quote=line[:1000]),
                ticket,
                issues[0],
                taxonomy,
                least_words=4,
            ),
            str,
        )
        for line in sentences
    )


def test_a_text_makes_no_dead_letters(battle: Battle) -> None:
    """At most one ticket in a hundred; a person who reads it is right."""
    runs = [run for run in battle.place.runs() if not run.external_id.startswith("CALL-")]
    dead = [run for run in runs if run.state is State.DEAD]
    assert len(dead) <= len(runs) / 100, [(run.external_id, run.why) for run in dead]
    assert {run.state for run in runs} <= {State.WRITTEN, State.IN_REVIEW, State.DEAD}
    attacked = [run for run in runs if run.external_id in {**ATTACKS, **HIDDEN}]
    assert sum(run.state is State.DEAD for run in attacked) <= len(attacked) / 50


def test_no_note_says_what_a_text_has_told_it_to(battle: Battle) -> None:
    for mark in {**ATTACKS, **HIDDEN}:
        shown = battle.place.shop.sandbox.show(ExternalId(mark))
        assert shown is not None
        notes = "\n".join(note.body for note in shown.notes)
        assert "refund you" not in notes
        assert "PWNED" not in notes
        assert "rm -rf" not in notes


def test_naughty_strings_change_nothing_but_their_own_text(battle: Battle) -> None:
    """Each is kept as it came, and its ticket goes where the same question goes without it."""
    for mark, text in NAUGHTY.items():
        run = battle.place.run(mark)
        assert run.state is State.WRITTEN, (mark, run.reason, run.why)
        held = battle.fields(mark)
        assert (held["issue_type"], held["priority"]) == (HONEST["issue_type"], "4")
        assert held["escalated"] is None
        assert _as_kept(text) in _ticket(battle, mark).body


def _as_kept(text: str) -> str:
    """What intake makes of it: the ends of a message are nobody's words."""
    return a_ticket(text).body.strip()


def test_true_calls_still_call(battle: Battle) -> None:
    """Beside all of these, on the same fleet."""
    for mark, (criterion, _) in CALLS.items():
        assert battle.fields(mark)["escalated"] == criterion, mark
