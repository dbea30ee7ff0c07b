"""What the ledger holds of a run is enough to go on with it, wherever it stopped."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from config.taxonomy import Taxonomy
from tasks.case import Answer, Classified, Enriched, Received, Validated, Written
from tasks.chronicle import of_case
from tasks.events import Body, Event, Kind
from tasks.journey import fold
from tasks.pipeline import Ready, stage_of, step
from tasks.resume import resume
from tasks.run import Run, RunId
from tasks.ticket import Ticket
from tests.twins.clock import NOON
from tests.twins.desk import Office, shipped
from tests.twins.facts import an_account, an_incident, sources
from tests.twins.models import SURE, ScriptedModels, a_reply, an_escalation
from tests.twins.ticket import a_ticket
from worker.carrying.carrier import RESUMED

STOLEN = a_ticket("My card was stolen last night. I am quince@example.org", subject="Help")
ANSWER = an_escalation(
    "theft",
    "My card was stolen last night",
    issue_type="security",
    priority=2,
    draft="Hello [EMAIL_1]",
)


SHIPPED = shipped().taxonomy


@dataclass(kw_only=True)
class Book:
    """A ledger of one run: events in order, texts apart."""

    events: list[Event] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)

    def enter(self, kind: Kind, body: Body, texts: dict[str, str]) -> None:
        seq = len(self.events) + 1
        self.events.append(Event(run=RunId("R-1"), seq=seq, at=NOON, kind=kind, body=body))
        self.texts |= {f"{name}.{seq}": text for name, text in texts.items()}

    @property
    def run(self) -> Run:
        return fold(self.events)

    def resumed(
        self, ticket: Ticket = STOLEN, *, stale: float = 0.0, taxonomy: Taxonomy = SHIPPED
    ) -> Ready:
        return resume(
            self.run,
            ticket,
            self.events,
            self.texts,
            is_outlived=lambda facts: facts.fetched_at < stale,
            taxonomy=taxonomy,
        )


@dataclass(kw_only=True)
class Life:
    """A run carried to some place, with what the ledger knows of it."""

    book: Book
    office: Office
    case: Ready | Written


def _lived(until: type, *, replies: tuple[str, ...] = (ANSWER,)) -> Life:
    """A run carried up to a case of that type, each step written down as the carrier does."""
    office = Office(
        ticket=STOLEN,
        models=ScriptedModels.answering(a_reply(text, signals=SURE) for text in replies),
        facts=sources(an_incident("cash"), account=an_account("plus")),
    )
    book = Book()
    first = {"ticket": "K-1", "source": "s", "external_id": "T-1", "requester": "h", "revision": 1}
    book.enter(Kind.INGESTED, first | {"tier": "economy", "digest": "d"}, {})
    book.enter(Kind.CLAIMED, {"owner": "W-1", "fence": 1}, {})
    case: Ready | Written = Received(run=RunId("R-1"), tier="economy", ticket=STOLEN)
    while not isinstance(case, until):
        assert not isinstance(case, Written)
        came = asyncio.run(step(case, office.desk))
        assert isinstance(came, Enriched | Classified | Validated | Written), came
        for entry in office.journal.entries:
            book.enter(entry.kind, entry.body, dict(entry.texts))
        office.journal.entries.clear()
        told = of_case(came, shipped().taxonomy)
        book.enter(told.kind, told.body, dict(told.texts))
        case = came
    return Life(book=book, office=office, case=case)


def test_a_run_that_was_only_received_starts_at_enrich() -> None:
    """With nothing but its ticket."""
    life = _lived(Received)
    assert life.book.resumed() == life.case


def test_a_run_that_was_enriched_goes_on_with_the_same_facts() -> None:
    """To the letter, with the tier and the rule that gave it."""
    life = _lived(Enriched)
    case, resumed = life.case, life.book.resumed()
    assert isinstance(case, Enriched)
    assert isinstance(resumed, Enriched)
    assert (resumed.facts, resumed.tier, resumed.rule) == (case.facts, case.tier, case.rule)


@pytest.mark.parametrize("replies", [(ANSWER,), ("garbage", ANSWER)])
def test_a_run_that_was_classified_goes_on_with_the_same_answer(replies: tuple[str, ...]) -> None:
    """Every answer that was paid for, and the verdict read from the last one again."""
    life = _lived(Classified, replies=replies)
    case, resumed = life.case, life.book.resumed()
    assert isinstance(case, Classified)
    assert isinstance(resumed, Classified)
    assert (resumed.verdict, resumed.answer) == (case.verdict, case.answer)
    assert resumed.answers == case.answers


def test_a_run_that_was_validated_goes_on_with_the_same_decision() -> None:
    """Choices, quote, draft and all."""
    life = _lived(Validated)
    case, resumed = life.case, life.book.resumed()
    assert isinstance(case, Validated)
    assert isinstance(resumed, Validated)
    assert resumed.decision == case.decision


@pytest.mark.parametrize("change", ["type", "queue", "criterion"])
def test_a_decision_that_the_taxonomy_has_not_any_more_is_validated_again(change: str) -> None:
    """Between the decision and its writing somebody has changed what may be written."""
    issues = {
        "type": [one for one in SHIPPED.issue_types if one.name != "security"],
        "queue": [one.model_copy(update={"queue": "other"}) for one in SHIPPED.issue_types],
        "criterion": list(SHIPPED.issue_types),
    }[change]
    criteria = () if change == "criterion" else SHIPPED.criteria
    taxonomy = SHIPPED.model_copy(update={"issue_types": tuple(issues), "criteria": criteria})
    resumed = _lived(Validated).book.resumed(taxonomy=Taxonomy.model_construct(**dict(taxonomy)))
    assert isinstance(resumed, Classified)


@pytest.mark.parametrize("place", [Received, Enriched, Classified, Validated])
def test_wherever_a_worker_dies_the_next_one_writes_the_same(place: type) -> None:
    """And asks no model that had answered already."""
    life = _lived(place)
    resumed = life.book.resumed()
    assert life.book.run.stage == stage_of(resumed)
    case: Ready | Written = resumed
    while not isinstance(case, Written):
        came = asyncio.run(step(case, life.office.desk))
        assert isinstance(came, Enriched | Classified | Validated | Written), came
        case = came
    assert life.office.helpdesk.fields == _lived(Written).office.helpdesk.fields
    assert len(life.office.script.asked) == 1


def test_stale_facts_are_fetched_again_before_a_model_is_asked() -> None:
    """A run that waited for hours looks at the customer anew."""
    assert isinstance(_lived(Enriched).book.resumed(stale=NOON + 1), Received)
    assert isinstance(_lived(Enriched).book.resumed(stale=NOON), Enriched)


def test_stale_facts_do_not_undo_an_answer() -> None:
    """What was classified is validated with the facts that the model saw."""
    assert isinstance(_lived(Classified).book.resumed(stale=NOON + 1), Classified)


FORGOTTEN = (
    (Enriched, "facts.", Received),
    (Classified, "facts.", Received),
    (Classified, "answer.", Enriched),
    (Validated, "answer.", Enriched),
    (Validated, "decision.", Classified),
    (Validated, "facts.", Received),
)
"""Where the run stood, which of its texts is gone, and where it starts then."""


@pytest.mark.parametrize(("place", "gone", "starts"), FORGOTTEN)
def test_where_a_text_is_forgotten_the_run_starts_as_far_back_as_it_must(
    place: type, gone: str, starts: type
) -> None:
    """`forget` and retention take texts away; no run breaks on it."""
    book = _lived(place).book
    book.texts = {name: text for name, text in book.texts.items() if not name.startswith(gone)}
    assert type(book.resumed()) is starts


@pytest.mark.parametrize(("stage", "left"), [("enrich", 0), ("classify", 0), ("write", 1)])
def test_a_requeued_run_asks_anew_unless_it_only_has_to_write(stage: str, left: int) -> None:
    """Fresh budgets: the model that gave a wrong answer is not believed a second time."""
    book = _lived(Validated).book
    book.enter(Kind.REQUEUED, {"stage": stage, "tier": "economy"}, {})
    assert len(_answers_of(book.resumed())) == left


def _answers_of(case: Ready) -> tuple[Answer, ...]:
    match case:
        case Received():
            return case.answers
        case Enriched():
            return case.received.answers
        case Classified():
            return case.answers
        case Validated():
            return case.classified.answers


def test_no_event_of_a_whole_run_holds_a_word_of_it() -> None:
    """Ids, listed values, numbers and hashes; the texts lie apart."""
    told = str([event.body for event in _lived(Written).book.events])
    for word in ("stolen", "Help", "Hello", "Ada", "ada@example.com"):
        assert word not in told


def test_a_worker_opens_every_text_that_a_case_is_built_from() -> None:
    """Without what stands for what, a quote would not be the customer's own any more."""
    life = _lived(Validated)
    opened = {name: text for name, text in life.book.texts.items() if name.split(".")[0] in RESUMED}
    resumed = replace(life.book, texts=opened).resumed()
    assert isinstance(resumed, Validated)
    assert isinstance(life.case, Validated)
    assert resumed.classified.verdict == life.case.classified.verdict
    assert resumed.classified.enriched.context == life.case.classified.enriched.context


def test_notes_on_the_thread_are_no_answer_to_the_question_that_decides() -> None:
    life = _lived(Enriched)
    told = {"model": "m", "tier": "economy", "question": "q", "finish_reason": "stop"}
    body = {**told, "refused": False, "signals": None, "micro_usd": 1, "prompt": "s-1"}
    life.book.enter(Kind.ANSWERED, body | {"purpose": "summarise"}, {"answer": "{}"})
    resumed = life.book.resumed()
    assert isinstance(resumed, Enriched)
    assert resumed.received.answers == ()
    assert [answer.question for answer in resumed.received.notes] == ["q"]
    assert resumed.received.known == resumed.context
