"""How much of what was decided is right, as far as anybody knows, and how much nobody looked at.

Two numbers that are never the same. People correct what they notice, so what nobody corrected is
not right, it is unseen: such an accuracy is the most that it can be. The audit asks of tickets that
chance has chosen, of whomever sees no answer: such an accuracy is what it is, within its interval.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.corrections import FIELDS
from tasks.run import RunId
from worker.compose import Shop
from worker.ledgers.labelling import How, Label
from worker.ledgers.measuring import Tally
from worker.operating.agreement import Agreement, agreements
from worker.operating.exact import exact
from worker.operating.moments import iso
from worker.operating.share import Share

WEEK = 7 * 86_400.0
SLACK = 60.0
"""Seconds by which the clocks of two machines may differ."""

By = Literal["field", "type"]
Shown = tuple[str | None, Label]
"""A label, and the issue type that the fleet has said; None: it has said nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One field of one issue type; None: all of them together. Counted in tickets.

    `decided` is what the fleet has said of itself, or has proposed where a person decided. `right`
    counts what nobody has called wrong: never to be shown without `unseen`.
    """

    field: str | None
    issue_type: str | None
    decided: int
    corrected: int
    reviewed: int
    wrong: int
    unseen: Share

    @property
    def right(self) -> Share:
        """The most that can be."""
        return Share(self.decided - self.wrong, self.decided)

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it."""
        low, high = self.right.interval
        return {
            "field": self.field,
            "issue_type": self.issue_type,
            "decided": self.decided,
            "corrected": self.corrected,
            "reviewed": self.reviewed,
            "wrong": self.wrong,
            "accuracy_at_most": self.right.value,
            "low": low,
            "high": high,
            "unseen": self.unseen.value,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """What the audit says of a field; None: whether all of a ticket that was labelled is right."""

    field: str | None
    right: Share

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it; no number where nothing was labelled."""
        low, high = exact(self.right)
        told = {"accuracy": self.right.value, "low": low, "high": high}
        known = told if self.right.of else dict.fromkeys(told)
        return {"field": self.field, "labelled": self.right.of, "right": self.right.hits, **known}


@dataclass(frozen=True, kw_only=True, slots=True)
class Truth:
    """All of it, of what was decided from one moment to another."""

    since: float
    until: float
    rows: tuple[Row, ...]
    audit: tuple[Audited, ...]  # each field, and whole tickets last
    chosen: int  # for the audit, by chance
    share: float  # that is meant to be
    judge: tuple[Agreement, ...]
    per_day: float  # decided in the last 7 days

    @property
    def labelled(self) -> bool:
        """Whether anybody has said anything."""
        return any(row.unseen.hits < row.unseen.of for row in self.rows)

    @property
    def wrong_a_day(self) -> tuple[float, float, float]:
        """Tickets with anything wrong, by the audit: so many, from, to."""
        whole = self.audit[-1].right
        low, high = exact(whole)
        of_all = (1.0 - whole.value, 1.0 - high, 1.0 - low)
        about, least, most = (self.per_day * share for share in of_all)
        return about, least, most

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it."""
        about, low, high = self.wrong_a_day
        told = {"about": about, "low": low, "high": high}
        is_known = self.audit[-1].right.of > 0
        return {
            "since": iso(self.since),
            "rows": [row.as_json() for row in self.rows],
            "audit": {
                "share": self.share,
                "chosen": self.chosen,
                "fields": [one.as_json() for one in self.audit],
            },
            "judge": [one.as_json() for one in self.judge],
            "per_day": self.per_day,
            "wrong_a_day": told if is_known else dict.fromkeys(told),
        }


def measure(shop: Shop, since: float, by: By | None = None) -> Truth:
    """What the ledger says now. Raises LedgerDown."""
    ledger, now = shop.ledger, shop.clock.now()
    until, share = now + SLACK, shop.config.policy.audit.share
    tallies, labels = ledger.tallies(since, until), ledger.labelled(since, until)
    lots = (shop.vault.lot(run) for run in ledger.written_since(since))
    week = sum(one.decided for one in ledger.tallies(now - WEEK, until))
    return Truth(
        since=since,
        until=now,
        rows=tuple(_rows(tallies, labels, by)),
        audit=tuple(_audited([label for _, label in labels])),
        chosen=sum(lot < share for lot in lots),
        share=share,
        judge=tuple(agreements(ledger, since)),
        per_day=week / 7,
    )


def _rows(tallies: Sequence[Tally], labels: Sequence[Shown], by: By | None) -> Iterator[Row]:
    """Of what the fleet has said: where it has proposed nothing, there is nothing to be right."""
    tallies = [one for one in tallies if one.issue_type is not None]
    labels = [one for one in labels if one[0] is not None]
    names = [one.issue_type for one in tallies]
    match by:
        case None:
            yield from (_row(tallies, labels, field, name) for field in FIELDS for name in names)
        case "field":
            yield from (_row(tallies, labels, field, None) for field in FIELDS)
        case "type":
            yield from (_row(tallies, labels, None, name) for name in names)


def _row(
    tallies: Iterable[Tally], labels: Iterable[Shown], field: str | None, name: str | None
) -> Row:
    meant = [one for one in tallies if name in (None, one.issue_type)]
    said = [
        label
        for issue_type, label in labels
        if name in (None, issue_type) and field in (None, label.field)
    ]
    decided, unseen = (sum(getattr(one, what) for one in meant) for what in ("decided", "unseen"))
    return Row(
        field=field,
        issue_type=name,
        decided=decided,
        corrected=len({one.run for one in said if one.how is How.CORRECTION and _is_wrong(one)}),
        reviewed=len({one.run for one in said if one.how is How.REVIEW}),
        wrong=len({run for run, _ in _wrong(said)}),
        unseen=Share(unseen, decided),
    )


def _wrong(labels: Iterable[Label]) -> Iterator[tuple[RunId, str]]:
    """Fields that whoever corrected or reviewed them last calls wrong."""
    last = {(one.run, one.field): one for one in labels if one.how is not How.AUDIT}
    return (key for key, label in last.items() if _is_wrong(label))


def _is_wrong(label: Label) -> bool:
    """Where nothing was decided, nothing was decided wrongly."""
    return label.said is not None and not label.is_right


def _audited(labels: Iterable[Label]) -> Iterator[Audited]:
    audits = [one for one in labels if one.how is How.AUDIT]
    for field in FIELDS:
        mine = [one for one in audits if one.field == field]
        yield Audited(field=field, right=Share(sum(one.is_right for one in mine), len(mine)))
    wrong: Mapping[RunId, int] = Counter(one.run for one in audits if not one.is_right)
    runs = {one.run for one in audits}
    yield Audited(field=None, right=Share(len(runs - wrong.keys()), len(runs)))
