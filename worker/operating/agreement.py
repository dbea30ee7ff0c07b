"""How often the judge agreed, by issue type and by the version of the prompt that answered."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from tasks.events import Kind
from worker.ledgers import schema
from worker.ledgers.engine import reading
from worker.ledgers.sql import SqlLedger
from worker.operating.share import Share


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Of the answers of one prompt about one issue type that one judge has heard."""

    issue_type: str
    prompt: str
    judge: str
    agreed: Share

    def as_json(self) -> dict[str, object]:
        """As docs/interface.md promises it."""
        low, high = self.agreed.interval
        return {
            "issue_type": self.issue_type,
            "prompt": self.prompt,
            "judge": self.judge,
            "judged": self.agreed.of,
            "agreed": self.agreed.hits,
            "low": low,
            "high": high,
        }


def agreements(ledger: SqlLedger, since: float) -> Sequence[Agreement]:
    """Since then (epoch seconds), by issue type, prompt and judge. Raises LedgerDown.

    A run whose worker died before the write has its answer read and ruled on again: one question
    counts once.
    """
    events = schema.events
    query = select(events.c.run, events.c.body).where(
        events.c.kind == str(Kind.JUDGED), events.c.at >= since
    )
    with reading(ledger.engine) as connection:
        found = [(run, json.loads(body)) for run, body in connection.execute(query)]
    once = {(run, str(body["question"])): body for run, body in found}
    said: dict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for body in once.values():
        key = (str(body["issue_type"]), str(body["of"]["prompt"]), str(body["model"]))
        said[key].append(bool(body["agrees"]))
    return [
        Agreement(
            issue_type=issue_type,
            prompt=prompt,
            judge=model,
            agreed=Share(sum(votes), len(votes)),
        )
        for (issue_type, prompt, model), votes in sorted(said.items())
    ]
