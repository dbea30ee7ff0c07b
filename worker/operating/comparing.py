"""What the fleet would have done with tickets that people have closed, beside what they did."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from config.mode import Mode
from tasks.ports.ledger import Filter
from tasks.run import Outcome, Run, State
from worker.compose import Shop
from worker.helpdesks.archive import DECIDED
from worker.intake import LABELS
from worker.operating.share import Share

MOST = 20
"""Confusions that are shown."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """Of the tickets with a value of ours and one of people's, how often they are the same."""

    field: str
    share: Share

    def as_json(self) -> dict[str, object]:
        """The share with its 95 % interval; null where there is nothing to compare."""
        low, high = self.share.interval
        told = {"agreed": self.share.value, "low": low, "high": high}
        known = told if self.share.of else dict.fromkeys(told)
        return {"field": self.field, "n": self.share.of, **known}


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """How often people chose `theirs` where the fleet would have written `ours`."""

    field: str
    ours: str
    theirs: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All runs in shadow of one source. `decided` would have been written."""

    tickets: int
    decided: int
    places: Mapping[str, int]  # where the others are
    fields: tuple[Agreement, ...]
    confusions: tuple[Confusion, ...]
    micro_usd: int
    unreadable: int  # whose labels were forgotten or have expired


def compare(shop: Shop, source: str) -> Comparison:
    """What the ledger says of them now."""
    runs = [
        run
        for run in shop.ledger.runs(Filter(source=source, mode=str(Mode.SHADOW)))
        if run.stage != "intake"
    ]
    done = [run for run in runs if run.outcome is Outcome.SHADOW]
    pairs = list(_pairs(shop, done))
    return Comparison(
        tickets=len(runs),
        decided=len(done),
        places=Counter(_place(run) for run in runs if run.outcome is not Outcome.SHADOW),
        fields=tuple(_agreement(field, pairs) for field in DECIDED),
        confusions=tuple(_confusions(pairs)),
        micro_usd=sum(run.micro_usd for run in runs),
        unreadable=len(done) - len({run for run, *_ in pairs}),
    )


EXPLAINED = (State.WAITING, State.IN_REVIEW, State.DEAD)

Pair = tuple[str, str, str, str]
"""Run, field, our value, people's."""


def _pairs(shop: Shop, runs: Iterable[Run]) -> Iterator[Pair]:
    for run in runs:
        key = shop.ledger.key(run.requester)
        sealed = shop.ledger.bodies(run.id, [LABELS])
        if key is None or not sealed:
            continue
        theirs: Mapping[str, str] = json.loads(shop.vault.open(sealed[0], key))
        ours = {
            "issue_type": run.issue_type,
            "priority": str(run.priority),
            "queue": run.queue,
        }
        for field in DECIDED:
            mine, label = ours[field], theirs.get(field)
            if mine is not None and label is not None:
                yield run.id, field, mine, label


def _agreement(field: str, pairs: Iterable[Pair]) -> Agreement:
    mine = [(ours, theirs) for _, name, ours, theirs in pairs if name == field]
    same = sum(ours == theirs for ours, theirs in mine)
    return Agreement(field=field, share=Share(same, len(mine)))


def _confusions(pairs: Iterable[Pair]) -> Iterator[Confusion]:
    """The most frequent first."""
    counts = Counter((field, ours, theirs) for _, field, ours, theirs in pairs if ours != theirs)
    for (field, ours, theirs), count in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        yield Confusion(field=field, ours=ours, theirs=theirs, count=count)


def _place(run: Run) -> str:
    return f"{run.state}: {run.reason}" if run.state in EXPLAINED else str(run.state)
