"""Stage 2: ask one model once, and keep only an answer of the right shape."""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass

from tasks import prompt
from tasks.asking import Unasked, ask
from tasks.case import Answer, Classified, Enriched
from tasks.causes import ReviewReason
from tasks.decide import Away
from tasks.desk import Desk
from tasks.detour import Detour, NeedsHuman, Promote
from tasks.errors import ContextTooLong
from tasks.language import name_of, spoken
from tasks.ports.model import Question
from tasks.repeats import repeated
from tasks.routing import next_tier
from tasks.standing_in import first_that_answers
from tasks.verdict import Misshapen, Verdict


async def classify(case: Enriched, desk: Desk) -> Classified | Detour:
    """The case with a verdict, by the tier's first model that may be asked.

    Who stands in for whom: tasks/standing_in.py. Raises what the one that was asked raises.
    """
    language = case.context.language
    supports = desk.taxonomy.supports
    if not supports(language) and not any(map(supports, spoken(case.ticket))):
        return NeedsHuman(reason=ReviewReason.LANGUAGE, why=_foreign(language, desk))
    heard = [*case.received.answers]

    def hold(name: str, away: Sequence[Away]) -> Awaitable[Classified | Detour]:
        stands_in = _stands_in(case, desk, away)
        return Talk(case=case, desk=desk, heard=heard, stands_in=stands_in).hold(name)

    return await first_that_answers(_candidates(case, desk), hold, desk)


def _foreign(language: str | None, desk: Desk) -> str:
    supported = ", ".join(desk.taxonomy.languages)
    return f"the message is in {name_of(language)}, and the taxonomy is made for {supported}"


def read_verdict(answer: Answer) -> Verdict | Misshapen:
    """The verdict in a recorded answer, or what is wrong with its shape.

    Its words are about the real values again, so that a quote is the customer's own.
    """
    if answer.is_cut_off:
        return Misshapen("the answer was cut off before its end")
    verdict = Verdict.parse(answer.text)
    return verdict.restored(answer.placeholders) if isinstance(verdict, Verdict) else verdict


def _candidates(case: Enriched, desk: Desk) -> list[str]:
    """The tier's models, those that have answered here already before those that have not.

    What cheaper tiers have asked about this ticket is left out, unless that leaves nobody.
    """
    answers = case.received.answers
    models = desk.tiers.tier(case.tier).models
    elsewhere = {answer.model for answer in answers if answer.tier != case.tier}
    here = {answer.model for answer in answers if answer.tier == case.tier}
    fresh = [name for name in models if name not in elsewhere] or [models[0]]
    return sorted(fresh, key=lambda name: name not in here)


def _stands_in(case: Enriched, desk: Desk, away: Sequence[Away]) -> str | None:
    if not away:
        return None
    return f"stands in for {desk.tiers.tier(case.tier).models[0]}: {away[0]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Talk:
    """What is said with one model about one ticket; `heard` grows by each answer, of any model."""

    case: Enriched
    desk: Desk
    heard: list[Answer]
    stands_in: str | None

    async def hold(self, name: str) -> Classified | Detour:
        """Asks that model; once more, with the error shown, when its answer's shape is wrong."""
        asked = self._question(name)
        problem = Misshapen("it was never asked")
        for _ in range(self.desk.policy.asking.malformed_asks):
            asked, answer = await self._ask_or_trim(asked)
            if not isinstance(answer, Answer):
                return answer
            if answer.is_refused:
                why = f"{answer.model} refused to answer"
                return NeedsHuman(reason=ReviewReason.REFUSED, why=why)
            read = read_verdict(answer)
            if isinstance(read, Verdict):
                answer = await repeated(asked, answer, self.case, self.desk)
                heard = tuple(self.heard)
                return Classified(enriched=self.case, verdict=read, answer=answer, answers=heard)
            problem = read
            asked = prompt.corrected(asked, answer.text, problem)
        return self._unfinished(problem)

    async def _ask_or_trim(self, asked: Question) -> tuple[Question, Answer | Unasked]:
        """Asked again without what came before the ticket's last words, where all was too long."""
        try:
            return asked, await self._ask(asked)
        except ContextTooLong:
            shorter = self._question(asked.model, is_trimmed=True)
            if shorter == self._question(asked.model):
                raise
        return shorter, await self._ask(shorter)

    async def _ask(self, asked: Question) -> Answer | Unasked:
        """What this model already answered to this very question: nothing is paid for twice."""
        digest = prompt.digest(asked)
        known = next((answer for answer in self.heard if answer.question == digest), None)
        if known is not None:
            return known
        came = await ask(asked, self.case, self.desk, stands_in=self.stands_in)
        if isinstance(came, Answer):
            self.heard.append(came)
        return came

    def _question(self, name: str, *, is_trimmed: bool = False) -> Question:
        return prompt.question(
            prompt.About(self.case.ticket, self.case.facts, self.desk.taxonomy),
            prompt=self.desk.prompt,
            model=self.desk.tiers.model(name),
            context=self.case.context,
            budget=self.desk.policy.context,
            is_trimmed=is_trimmed,
        )

    def _unfinished(self, problem: Misshapen) -> Detour:
        """Promoted while there is a dearer model to ask, then a person."""
        desk, tier = self.desk, self.case.tier
        tiers_asked = {answer.tier for answer in self.heard}
        dearer = next_tier(tier, frozenset(a.model for a in self.heard), desk.tiers)
        why = f"{self.heard[-1].model} gave no answer of the right shape ({problem})"
        if dearer and len(tiers_asked) <= desk.policy.asking.promotions_malformed:
            return Promote(tier=dearer, why=why)
        return NeedsHuman(reason=ReviewReason.UNFINISHED, why=why)
