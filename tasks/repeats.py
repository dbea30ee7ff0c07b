"""The same question asked again: how often a model says the same is a signal of how sure it is.

Off by itself, for it costs as much again each time; asked at the cheapest tier alone, and out of
what the run may use up.
"""

from collections.abc import Sequence
from dataclasses import replace

from config.tiers import TIERS
from tasks.asking import ask
from tasks.case import Answer, Enriched
from tasks.desk import Desk
from tasks.errors import Held, Misconfigured, ProviderDown, RateLimited, Rejected
from tasks.ports.model import Question
from tasks.verdict import Verdict

REPEATS = "repeats"
"""The name of this signal."""

IN_VAIN = (ProviderDown, Held, RateLimited, Misconfigured, Rejected)
"""What keeps a repeat from being had: the ticket has its answer, and goes on with it."""


async def repeated(asked: Question, answer: Answer, case: Enriched, desk: Desk) -> Answer:
    """The answer, with the share of its repeats that name the same issue type.

    Those that an earlier attempt of the run has had are not asked for again.
    """
    wanted = desk.policy.autonomy.repeats
    if not wanted or case.tier != TIERS[0] or desk.tiers.model(answer.model).is_local:
        return answer
    had = list(of(answer, case.received.repeats))
    while len(had) < wanted:
        try:
            came = await ask(replace(asked, purpose="repeat"), case, desk)
        except IN_VAIN:
            break
        if not isinstance(came, Answer):
            break
        had.append(came)
    return agreeing(answer, had)


def of(answer: Answer, repeats: Sequence[Answer]) -> Sequence[Answer]:
    """Those of this answer: given by the same model to the same question."""
    same = (answer.model, answer.question)
    return [one for one in repeats if (one.model, one.question) == same]


def agreeing(answer: Answer, repeats: Sequence[Answer]) -> Answer:
    """The answer with the share that agrees; as it was where there are none."""
    if not repeats:
        return answer
    named = _named(answer)
    share = sum(_named(one) == named for one in repeats) / len(repeats)
    return replace(answer, measured={**answer.measured, REPEATS: share})


def _named(answer: Answer) -> str | None:
    """The issue type; None, which agrees with no answer of the right shape, for what is none."""
    verdict = Verdict.parse(answer.text)
    return verdict.issue_type if isinstance(verdict, Verdict) else None
