"""The answer in the shape that every model is asked for, made by rule from the ranking."""

import json
from collections.abc import Mapping, Sequence

from tasks.ports.model import Plain, Signals
from worker.models.baseline.model import Baseline, Ranked
from worker.models.baseline.quotes import Criterion, proof

Criteria = Mapping[str, Sequence[Criterion]]
"""The criteria of each issue type: only those can prove an escalation of it."""


def answer(
    plain: Plain, baseline: Baseline, criteria: Criteria, *, least_words: int = 4
) -> tuple[str, Signals]:
    """The answer as JSON text, and how sure the model is of it.

    `priority` is what the policy expects; `escalate` is true where the customer's own words, at
    least `least_words` of them, prove a criterion of the issue type; there is never a draft. When
    the model abstains the text is still its best guess, and the signals say why not to use it.
    """
    ranked = baseline.rank(plain.text)
    issue_type = ranked.ranking[0][0]
    evidence = [
        {"criterion": criterion.id, "quote": quote}
        for criterion in criteria.get(issue_type, ())
        if (quote := proof(plain.text, criterion, least_words=least_words)) is not None
    ]
    verdict = {
        "issue_type": issue_type,
        "priority": plain.priorities[issue_type],
        "escalate": bool(evidence),
        "evidence": evidence,
        "reason": _reason(ranked),
        "draft": None,
    }
    signals = Signals(
        confidence=ranked.confidence,
        threshold=ranked.threshold,
        ranking=ranked.ranking,
        abstains=ranked.abstains,
    )
    return json.dumps(verdict), signals


def _reason(ranked: Ranked) -> str:
    (first, share), (second, other) = ranked.ranking[:2]
    return (
        "local/baseline, a statistical model, without reading: "
        f"most like {first} ({share:.2f}), then {second} ({other:.2f})"
    )
