"""What came before is summed up once for the same text, and no failure of that stops a ticket."""

import asyncio
import json
from dataclasses import replace
from datetime import date

import pytest

from tasks import errors
from tasks.case import Enriched
from tasks.causes import ReviewReason
from tasks.classify import classify
from tasks.context import Closed, Context, Earlier
from tasks.desk import Used
from tasks.detour import NeedsHuman
from tasks.events import Kind
from tasks.history import recollect
from tasks.ports.model import Reply
from tasks.run import TicketId
from tasks.summary import RULE, Summary
from tasks.ticket import Ticket, Turn
from tests.twins.desk import Office, only, shipped
from tests.twins.journal import SOMEBODY
from tests.twins.models import ScriptedModels, a_reply
from tests.twins.threads import MemoryThreads
from tests.twins.ticket import a_ticket, an_answer, enriched

LONG = "I wrote about the order before and nobody has told me what became of it so far. " * 4


def _thread(count: int) -> Ticket:
    turns = tuple(
        Turn(author="customer" if n % 2 else "agent", body=f"{n}: {LONG}") for n in range(count)
    )
    return a_ticket("Where is it?", thread=turns)


def _notes(*facts: str) -> Reply:
    return a_reply(json.dumps({"facts": facts, "asked": [], "promised": [], "open": []}))


def _office(*replies: Reply | Exception, kept: Summary | None = None) -> Office:
    office = Office(models=ScriptedModels.answering(replies))
    office.threads = MemoryThreads(kept)
    return office


def _recollected(office: Office, case: Enriched) -> Context:
    return asyncio.run(recollect(case, office.desk))


def _summary(context: Context) -> Summary:
    assert context.summary
    return context.summary


def _kept(office: Office) -> Summary | None:
    assert isinstance(office.threads, MemoryThreads)
    return office.threads.kept


def test_a_short_thread_is_summed_up_by_nobody() -> None:
    office = _office()
    assert _recollected(office, enriched(_thread(6))).summary is None
    short = a_ticket(thread=tuple(Turn(author="customer", body="Hello?") for _ in range(9)))
    assert _summary(_recollected(office, enriched(short))).made_by == RULE
    assert office.script.asked == []


def test_what_was_said_before_the_last_six_turns_is_summed_up_by_a_model() -> None:
    office = _office(_notes("customer: waits for an order"))
    context = _recollected(office, enriched(_thread(16)))
    summary = _summary(context)
    assert summary.facts == ("customer: waits for an order",)
    assert (len(summary.covers), context.gap) == (10, None)
    assert summary == _kept(office)
    [asked] = office.script.asked
    assert (asked.purpose, asked.schema_name) == ("summarise", "summarise")
    assert "9: I wrote" in asked.messages[1].content
    assert "10: I wrote" not in asked.messages[1].content


def test_the_call_is_paid_for_and_recorded_as_what_it_is() -> None:
    office = _office(_notes("x"))
    _recollected(office, enriched(_thread(16), tier="premium"))
    [asking] = office.journal.reserved
    [answered] = office.journal.entries
    assert (asking["purpose"], asking["tier"]) == ("summarise", "economy")
    assert answered.body["purpose"] == "summarise"
    assert answered.body["prompt"] == shipped().summarise.version


def test_it_grows_by_what_is_new_alone() -> None:
    first = _office(_notes("one"))
    _recollected(first, enriched(_thread(16)))
    office = _office(_notes("two"), kept=_kept(first))
    summary = _summary(_recollected(office, enriched(_thread(18))))
    assert (summary.facts, len(summary.covers)) == (("one", "two"), 12)
    [asked] = office.script.asked
    said = asked.messages[1].content
    assert "10: I wrote" in said
    assert "9: I wrote" not in said
    assert "one" not in json.loads("{" + said.split("{", 1)[1].rsplit("}", 1)[0] + "}")


def test_notes_that_fill_their_budget_are_written_anew_with_what_is_new() -> None:
    first = _office(_notes(*(f"fact {n} " + "x" * 50 for n in range(24))))
    _recollected(first, enriched(_thread(16)))
    office = _office(_notes("short"), kept=_kept(first))
    assert _summary(_recollected(office, enriched(_thread(18)))).facts == ("short",)
    assert "fact 23" in office.script.asked[0].messages[1].content


def test_the_same_text_is_never_summed_up_twice() -> None:
    """By another run, which finds it in Redis; by the same run, in the ledger; after a crash."""
    office = _office(_notes("x"))
    case = enriched(_thread(16))
    context = _recollected(office, case)
    again = _office(kept=_kept(office))
    assert _recollected(again, case).summary == context.summary
    resumed = replace(case, received=replace(case.received, known=context))
    assert _recollected(_office(), resumed).summary == context.summary
    [entry] = office.journal.entries
    answer = an_answer(entry.texts["answer"], question=str(entry.body["question"]))
    crashed = replace(case, received=replace(case.received, notes=(answer,)))
    assert _summary(_recollected(_office(), crashed)).facts == ("x",)


class Together(MemoryThreads):
    """Is asked by two at the same moment."""

    def __init__(self) -> None:
        super().__init__()
        self._both = asyncio.Barrier(2)

    async def recall(self) -> Summary | None:
        found = await super().recall()
        await self._both.wait()
        return found


def test_two_workers_that_sum_up_at_once_leave_what_knows_more() -> None:
    """Each goes on with its own; the next message finds the longer one and grows it."""
    older, newer = _office(_notes("ten turns")), _office(_notes("twelve turns"))
    older.threads = newer.threads = Together()

    async def both() -> list[Context]:
        cases = (enriched(_thread(16)), enriched(_thread(18)))
        desks = (older.desk, newer.desk)
        return await asyncio.gather(*map(recollect, cases, desks))

    first, second = asyncio.run(both())
    assert _summary(first).facts == ("ten turns",)
    assert _summary(second).facts == ("twelve turns",)
    kept = _kept(older)
    assert kept
    assert (kept.facts, len(kept.covers)) == (("twelve turns",), 12)
    following = _office(_notes("more"), kept=kept)
    assert _summary(_recollected(following, enriched(_thread(20)))).facts == (*kept.facts, "more")


def away_after(failure: Exception) -> errors.BreakerOpen:
    """What the guards make of a request that fails and finds its breaker open."""
    away = errors.BreakerOpen("is away", dependency="x", retry_after=5.0)
    away.__cause__ = failure
    return away


FAILURES: dict[str, tuple[Reply | Exception, bool]] = {
    "no notes": (a_reply("I would rather not"), True),
    "cut off": (a_reply("{", finish_reason="length"), True),
    "refused": (a_reply("{}", refusal="no"), True),
    "down": (errors.ProviderDown("503"), True),
    "too long": (errors.ContextTooLong("413"), True),
    "down, and left alone by now": (away_after(errors.ProviderDown("503")), True),
    "held": (errors.RetriesSpent("spent", dependency="x", retry_after=1.0), False),
    "slow": (errors.RateLimited("429"), True),
}


@pytest.mark.parametrize(("came", "is_paid"), FAILURES.values(), ids=FAILURES.keys())
def test_whatever_becomes_of_it_the_ticket_goes_on(came: Reply | Exception, is_paid: bool) -> None:  # noqa: FBT001 - a row of the table
    """With a sentence of each turn; where it was paid for, nobody is asked again."""
    office = _office(came)
    context = _recollected(office, enriched(_thread(16)))
    summary = _summary(context)
    assert summary.made_by == RULE
    assert any("I wrote about the order" in fact for fact in summary.facts)
    assert context.gap
    assert context.is_gap_paid is is_paid
    assert _kept(office) is None
    case = enriched(_thread(16))
    resumed = replace(case, received=replace(case.received, known=context))
    later = _office(*([] if is_paid else [_notes("x")]))
    assert (_summary(_recollected(later, resumed)).made_by == RULE) is is_paid


def test_a_model_that_is_left_alone_is_stood_in_for() -> None:
    away = errors.BreakerOpen("open", dependency="openai", retry_after=9.0)
    office = _office(away, _notes("x"))
    assert _summary(_recollected(office, enriched(_thread(16)))).facts == ("x",)
    assert len({asked.model for asked in office.script.asked}) == 2


def test_without_money_or_calls_it_is_done_by_rule() -> None:
    poor = _office()
    poor.journal.room = 0
    context = _recollected(poor, enriched(_thread(16)))
    assert (_summary(context).made_by, context.is_gap_paid) == (RULE, False)
    assert "money" in str(context.gap)
    busy = _office()
    busy.journal.run = Used(id=SOMEBODY, calls=shipped().guards.run.calls - 1)
    assert _summary(_recollected(busy, enriched(_thread(16)))).made_by == RULE


def test_a_ledger_that_is_away_is_waited_for() -> None:
    with pytest.raises(errors.LedgerDown):
        _recollected(_office(errors.LedgerDown("away")), enriched(_thread(16)))


def test_where_nobody_reads_it_nobody_is_asked() -> None:
    """local/baseline looks at the customer's words alone."""
    office = _office()
    office.tiers = only("local/baseline")
    office.journal.tickets = [BEFORE]
    context = _recollected(office, enriched(_thread(16)))
    assert (_summary(context).made_by, context.gap, context.before) == (RULE, None, ())


BEFORE = Closed(
    TicketId("T-0"),
    Earlier(when=date(2025, 12, 1), issue_type="cash", outcome="priority 3, sent to payments"),
)


def test_earlier_tickets_are_told_by_what_was_decided() -> None:
    office = _office(a_reply())
    office.journal.tickets = [BEFORE]
    case = enriched()
    context = _recollected(office, case)
    asyncio.run(classify(replace(case, context=context), office.desk))
    told = office.script.asked[0].messages[1].content
    assert '"issue_type": "cash"' in told
    assert "2025-12-01" in told


GERMAN = "Ich habe meine neue Karte noch nicht bekommen und warte schon seit zwei Wochen darauf"


def test_what_the_taxonomy_has_no_language_for_goes_to_people_before_anybody_is_paid() -> None:
    office = _office()
    case = enriched(a_ticket(GERMAN, thread=_thread(16).thread))
    context = _recollected(office, case)
    found = asyncio.run(classify(replace(case, context=context), office.desk))
    assert isinstance(found, NeedsHuman)
    assert found.reason is ReviewReason.LANGUAGE
    assert found.why == "the message is in German, and the taxonomy is made for en"
    assert office.script.asked == []


@pytest.mark.parametrize("languages", [(), ("de", "en")])
def test_a_taxonomy_for_that_language_or_any_takes_it(languages: tuple[str, ...]) -> None:
    office = _office(a_reply())
    case = enriched(a_ticket(GERMAN))
    taxonomy = shipped().taxonomy.model_copy(update={"languages": languages})
    desk = replace(office.desk, taxonomy=taxonomy)
    context = asyncio.run(recollect(case, desk))
    assert context.language == "de"
    asyncio.run(classify(replace(case, context=context), desk))
    assert '"language": "de"' in office.script.asked[0].messages[1].content


def test_how_much_was_told_and_left_out_stands_in_the_event() -> None:
    office = _office(a_reply())
    asyncio.run(classify(enriched(a_ticket("long " * 9_000)), office.desk))
    [entry] = [one for one in office.journal.entries if one.kind is Kind.ANSWERED]
    sections = entry.body["context"]
    assert isinstance(sections, dict)
    assert sections["message"]["tokens"] <= 3_000
    assert sections["message"]["left_out"] > 30_000
    assert sections["subject"] == {"tokens": 1, "left_out": 0}
