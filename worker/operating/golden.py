"""A ticket as a golden case: what `make test` then expects to come out of it.

It is made for a repository, so it is scrubbed: personal data that can be told by its form has
placeholders, its requester is nobody, and where their name stands in the text there is `[NAME]`.
Names of others, and whatever else only a reader knows for personal, are left: so it is shown before
it is written.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.serving import LOCAL
from tasks.corrections import FIELDS, said_by, stands
from tasks.errors import OperatorError
from tasks.facts import Facts
from tasks.redaction.redaction import Redaction
from tasks.run import Run
from tasks.ticket import Ticket
from worker.compose import CHECKOUT, Shop
from worker.ledgers.labelling import How, Label
from worker.operating.auditing import texts_of
from worker.operating.left_alone import last_review

RANK = (How.CORRECTION, How.REVIEW, How.AUDIT)
"""Whom to believe, the last one most: who did not see the answer was led by nothing."""

DECIDED = "decided"
NOBODY = {"email": "golden@example.com", "name": "Golden"}
NAME = "[NAME]"
SHORTEST = 3
"""Letters of a name; shorter ones are words."""

STRANGE = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Golden:
    """The case, where it goes, and by whom each expected value is known.

    `decided_by`: the person who decided, where no machine did. Their name is not in the case.
    """

    path: Path
    document: Mapping[str, Any]
    truth: Mapping[str, str]  # field -> how people said so, or DECIDED
    exists: bool
    decided_by: str | None

    @property
    def is_undecided(self) -> bool:
        """Whether our own model, which is asked again, has left it to a person."""
        return self.decided_by is not None and self.document["model"] == LOCAL

    @property
    def is_wrong_today(self) -> bool:
        """Whether what was decided is not what people say, or nothing was."""
        expected, said = self.document["expected"], self.document["decided"]
        differs = any(said.get(name) != value for name, value in expected.items())
        return differs or self.is_undecided

    def text(self) -> str:
        """As the file has it."""
        return f"{json.dumps(self.document, ensure_ascii=False, indent=2)}\n"

    def write(self) -> None:
        """Whole, or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}.tmp")
        fresh.write_text(self.text(), encoding="utf-8")
        fresh.replace(self.path)


def golden(shop: Shop, run: Run) -> Golden:
    """What would be written of this run. Raises OperatorError where there is nothing to write."""
    if not stands(run):
        raise OperatorError(f"{run.external_id} is no decision that stands: it is {run.state}")
    texts = texts_of(shop, run)
    if texts is None:
        raise OperatorError(f"{run.external_id} can be no golden case: its text was forgotten")
    decided = said_by(run)
    labels = sorted(shop.ledger.labels_of(run.id), key=lambda one: (RANK.index(one.how), one.at))
    told = {one.field: one for one in labels if one.field in decided}
    expected = {**decided, **{name: one.truth for name, one in told.items()}}
    reviewed = last_review(shop.ledger.events(run.id))
    name = f"ticket-{STRANGE.sub('-', run.external_id.lower()).strip('-')[:60]}"
    path = folder(shop) / f"{name}.json"
    document = {
        "name": name,
        **_scrubbed(*texts),
        "model": run.model,
        "by": str(How.REVIEW) if reviewed else "model",
        "proposed": _proposed(labels) if reviewed else None,
        "decided": _typed(decided),
        "expected": _typed(expected),
    }
    truth = {field: str(told[field].how) if field in told else DECIDED for field in expected}
    return Golden(
        path=path,
        document=document,
        truth=truth,
        exists=path.exists(),
        decided_by=str(reviewed.body["by"]) if reviewed else None,
    )


def _proposed(labels: Sequence[Label]) -> dict[str, object] | None:
    """What the model had said; None: nothing that could have been written."""
    reviews = [one for one in labels if one.how is How.REVIEW]
    said = {one.field: one.said for one in reviews if one.said is not None}
    return _typed({name: said[name] for name in FIELDS if name in said}) or None


def folder(shop: Shop) -> Path:
    """Where golden cases lie: with the configuration that they belong to, else with ours."""
    return (shop.config.environment.config or CHECKOUT / "fixtures") / "golden"


def _typed(values: Mapping[str, str]) -> dict[str, object]:
    """A priority is a number, where it is one of ours."""
    return {
        name: int(value) if name == "priority" and value.isdecimal() else value
        for name, value in values.items()
    }


def _scrubbed(ticket: Ticket, facts: Facts | None) -> dict[str, Any]:
    """Of the facts what changes an outcome: the account, and what is broken."""
    account = facts.account if facts else None
    said = {
        "ticket": ticket.model_dump(mode="json", exclude_defaults=True),
        "facts": {
            "account": account and account.model_dump(mode="json", exclude_none=True),
            "incidents": [
                one.model_copy(update={"customers": None}).model_dump(
                    mode="json", exclude_none=True
                )
                for one in (facts.incidents if facts else ())
            ],
        },
    }
    if account:
        said["facts"]["account"]["customer_id"] = "C-golden"
    said["ticket"].pop("fields", None)  # what the helpdesk held may be our own answer
    # A name within an address goes with it: first what has a form.
    redacted = Redaction([json.dumps(said, ensure_ascii=False)]).document(said)
    named = _without_name(redacted, ticket.requester.name)
    named["ticket"]["requester"] = NOBODY
    return named


def _without_name(document: dict[str, Any], name: str) -> dict[str, Any]:
    parts = [re.escape(part) for part in name.split() if len(part) >= SHORTEST]
    if not parts:
        return document
    called = re.compile(rf"\b(?:{'|'.join(sorted(parts, key=len, reverse=True))})\b", re.IGNORECASE)
    texts = document["ticket"]
    for key in ("subject", "body", "quoted"):
        if key in texts:
            texts[key] = called.sub(NAME, texts[key])
    for turn in texts.get("thread", []):
        for key in ("body", "quoted"):
            if key in turn:
                turn[key] = called.sub(NAME, turn[key])
    return document
