"""What came of a run, for people and scripts: read from the ledger, and from the inbox's labels."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.ports.inbox import Message
from tasks.ports.ledger import Filter
from tasks.run import Run, State
from tasks.ticket import ExternalId
from worker.compose import Shop, open_inbox
from worker.inboxes.labels import labels_of
from worker.intake import Polled
from worker.operating.books import Ledgerbook, take_stock

PAGE = 1_000
Name = tuple[str, ExternalId]
"""A ticket's source, and what it is called there."""


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """Against what people decided. `coverage` is the share written without review."""

    n: int
    accuracy: float | None  # over what was written; None where nothing was
    coverage: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run of one source."""

    source: str
    polled: Polled
    seconds: float
    stock: Ledgerbook
    models: tuple[str, ...]
    tiers: Mapping[str, int]
    issue_types: Mapping[str, int]
    reasons: Mapping[str, int]  # why tickets are in review or dead
    micro_usd: int
    accuracy: Accuracy | None
    settled: int


def report(shop: Shop, source: str, polled: Polled, seconds: float) -> Report:
    """What the ledger says now of the tickets of this home."""
    runs = list(shop.ledger.runs(Filter()))
    real = [run for run in runs if run.stage != "intake"]
    return Report(
        source=source,
        polled=polled,
        seconds=seconds,
        stock=take_stock(shop.ledger, shop.broker()),
        models=tuple(sorted({run.model for run in runs if run.model})),
        tiers=Counter(run.tier for run in real),
        issue_types=Counter(str(r.issue_type) for r in real if r.state is State.WRITTEN),
        reasons=Counter(
            f"{run.state}: {run.reason}"
            for run in runs
            if run.state in (State.DEAD, State.IN_REVIEW)
        ),
        micro_usd=sum(run.micro_usd for run in runs),
        accuracy=_accuracy(runs, _labels(shop, source)),
        settled=polled.ingested,
    )


def _accuracy(runs: list[Run], labels: Mapping[Name, str]) -> Accuracy | None:
    """Of each labelled ticket the newest revision counts."""
    newest = {(run.source, run.external_id): run for run in runs if run.stage != "intake"}
    judged = [run for name, run in newest.items() if name in labels]
    if not judged:
        return None
    written = [run for run in judged if run.state is State.WRITTEN]
    right = sum(run.issue_type == labels[run.source, run.external_id] for run in written)
    return Accuracy(
        n=len(judged),
        accuracy=right / len(written) if written else None,
        coverage=len(written) / len(judged),
    )


def _labels(shop: Shop, source: str) -> dict[Name, str]:
    """What people decided, where the source says so. Only reports ever read this."""
    inbox = open_inbox(source, shop)
    page = inbox.read(None, limit=PAGE)
    labels = dict(filter(None, map(_label, page.messages)))
    while page.more:
        page = inbox.read(page.position, limit=PAGE)
        labels |= dict(filter(None, map(_label, page.messages)))
    return labels


def _label(message: Message) -> tuple[Name, str] | None:
    match labels_of(message.raw):
        case name, {"issue_type": issue_type}:
            return (message.source, ExternalId(name)), issue_type
        case _:
            return None
