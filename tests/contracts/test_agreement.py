"""How often a judge agreed, on either database."""

from tasks.events import Body, Kind
from tests.ledgers import a_running, move
from tests.twins.clock import NOON
from worker.ledgers.sql import SqlLedger
from worker.operating.agreement import agreements
from worker.operating.share import Share


def _ruling(issue_type: str, prompt: str, *, agrees: bool, question: str = "1") -> Body:
    of = {"model": "openai/one", "prompt": prompt}
    said = {"agrees": agrees, "wrong": [], "model": "gemini/judge", "issue_type": issue_type}
    return {**said, "of": of, "question": question}


def _judged(ledger: SqlLedger, issue_type: str, prompt: str, *, agrees: bool) -> None:
    body = _ruling(issue_type, prompt, agrees=agrees)
    move(ledger, a_running(ledger), (Kind.JUDGED, body))


def test_who_rules_once_more_after_a_crash_is_counted_once(ledger: SqlLedger) -> None:
    first = (Kind.JUDGED, _ruling("card", "classify-1", agrees=False))
    another = (Kind.JUDGED, _ruling("card", "classify-1", agrees=True, question="2"))
    move(ledger, a_running(ledger), first, first, another)
    [found] = agreements(ledger, NOON - 1)
    assert found.agreed == Share(1, 2)


def test_agreement_is_kept_by_type_and_by_the_version_of_the_prompt(ledger: SqlLedger) -> None:
    for agrees in (True, True, False):
        _judged(ledger, "card", "classify-1", agrees=agrees)
    _judged(ledger, "card", "classify-2", agrees=True)
    _judged(ledger, "cash", "classify-2", agrees=False)
    found = agreements(ledger, NOON - 1)
    assert [(one.issue_type, one.prompt, one.agreed) for one in found] == [
        ("card", "classify-1", Share(2, 3)),
        ("card", "classify-2", Share(1, 1)),
        ("cash", "classify-2", Share(0, 1)),
    ]
    assert found[0].as_json()["judge"] == "gemini/judge"
    assert agreements(ledger, NOON + 10_000) == []
