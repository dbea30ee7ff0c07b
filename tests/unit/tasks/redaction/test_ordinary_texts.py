"""Of texts that have no personal data hardly one is touched: a model must see what it is about."""

import csv
import json
import time
from collections.abc import Iterator
from pathlib import Path

from tasks.redaction.redaction import Redaction

FIXTURES = Path(__file__).parents[4] / "fixtures"
MICROSECONDS = 500
"""Of CPU a ticket, on a busy machine; a tenth of a ticket's in all. It takes a tenth of that."""


def _column(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row["text"] for row in csv.DictReader(file)]


def _touched(texts: list[str]) -> dict[str, list[str]]:
    """The texts that do not stay as they are, and what was taken for personal data."""
    found = {}
    for text in texts:
        redaction = Redaction([text])
        if redaction.redact(text) != text:
            found[text] = [*redaction.values.values()]
    return found


def _strings(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _strings(part)


def test_no_message_to_a_bank_is_touched() -> None:
    """Ten thousand, and of those that came to our inbox every one."""
    texts = _column(FIXTURES / "bank" / "train.csv")
    lines = (FIXTURES / "inbox" / "bank.jsonl").read_bytes().splitlines()
    for line in lines:
        try:
            ticket = json.loads(line)
        except ValueError:  # malformed on purpose
            continue
        if isinstance(ticket, dict):
            texts += [text for text in (ticket.get("body"),) if isinstance(text, str)]
    assert len(texts) > 10_200
    assert _touched(texts) == {}


def test_no_ticket_of_an_it_helpdesk_is_touched() -> None:
    texts = _column(FIXTURES / "it_helpdesk" / "topics.csv")
    assert len(texts) == 1_600
    assert _touched(texts) == {}


def test_no_fact_about_a_customer_is_touched() -> None:
    """Ids, amounts, dates, what was talked about: everything but the address they are known by."""
    texts = [
        text
        for path in sorted((FIXTURES / "facts").glob("*.json"))
        for text in _strings(json.loads(path.read_text(encoding="utf-8")))
    ]
    assert len(texts) > 1_000
    assert _touched(texts) == {}


def test_an_ordinary_text_takes_microseconds() -> None:
    texts = _column(FIXTURES / "it_helpdesk" / "topics.csv")
    began = time.thread_time()
    _touched(texts)
    assert (time.thread_time() - began) / len(texts) < MICROSECONDS / 1e6
