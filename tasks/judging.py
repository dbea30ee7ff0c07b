"""The judge: an independent model that sees ticket, facts and answer before anything is written."""

from dataclasses import dataclass

from config.prompts import Prompt
from config.tiers import Model
from tasks import prompt
from tasks.asking import Unasked, ask
from tasks.case import Answer, Classified
from tasks.causes import ReviewReason
from tasks.decision import Decision
from tasks.desk import Desk
from tasks.detour import NeedsHuman
from tasks.events import Kind
from tasks.judgement import Judgement, why_judged
from tasks.ports.model import Question
from tasks.standing_in import first_that_answers
from tasks.verdict import Misshapen


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """What the judge said, which model that was, and why it was asked."""

    judgement: Judgement
    model: str
    because: str

    @property
    def words(self) -> str:
        """For people; nothing of what the judge wrote, for it may hold a piece of the ticket."""
        if self.judgement.agrees:
            return f"{self.model} agrees ({self.because})"
        fields = ", ".join(self.judgement.wrong).replace("_", " ")
        return f"{self.model} disagrees about {fields} ({self.because})"


async def judged(
    case: Classified, decision: Decision, desk: Desk
) -> Ruling | NeedsHuman | Unasked | None:
    """The ruling on this decision; None where nobody has to be asked.

    What a judge has said of the very same answer is not asked again. Who stands in for whom:
    tasks/standing_in.py; nothing is written unjudged that had to be judged. Raises what the one
    that was asked raises.
    """
    enriched = case.enriched
    because = why_judged(decision, enriched.ticket, enriched.facts, desk.policy)
    if because is None or desk.judge is None:
        return None
    hearing = _Hearing(case=case, decision=decision, desk=desk, prompt=desk.judge, because=because)
    return await first_that_answers(desk.tiers.judges, lambda judge, _: hearing.hold(judge), desk)


def read_judgement(answer: Answer) -> Judgement | Misshapen:
    """The judgement in a recorded answer, or what is wrong with its shape."""
    if answer.is_cut_off:
        return Misshapen("the answer was cut off before its end")
    return Judgement.parse(answer.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hearing:
    """One judge and one decision."""

    case: Classified
    decision: Decision
    desk: Desk
    prompt: Prompt
    because: str

    async def hold(self, judge: Model) -> Ruling | NeedsHuman | Unasked:
        """Asks; once more, with the error shown, when the answer's shape is wrong."""
        asked = self._question(judge)
        problem = Misshapen("it was never asked")
        for _ in range(self.desk.policy.asking.malformed_asks):
            answer = await self._ask(asked)
            if not isinstance(answer, Answer):
                return answer
            if answer.is_refused:
                why = f"the judge {judge.name} refused to answer"
                return NeedsHuman(reason=ReviewReason.REFUSED, why=why)
            read = read_judgement(answer)
            if isinstance(read, Judgement):
                return await self._ruled(read, answer)
            problem = read
            asked = prompt.corrected(asked, answer.text, problem)
        why = f"the judge {judge.name} gave no answer of the right shape ({problem})"
        return NeedsHuman(reason=ReviewReason.UNFINISHED, why=why)

    async def _ask(self, asked: Question) -> Answer | Unasked:
        """What it already answered to this very question: nothing is paid for twice."""
        digest = prompt.digest(asked)
        known = self.case.enriched.received.judgements
        found = next((answer for answer in known if answer.question == digest), None)
        return found or await ask(asked, self.case.enriched, self.desk)

    async def _ruled(self, judgement: Judgement, answer: Answer) -> Ruling:
        """In the ledger: agreement is kept by issue type and by the version of the prompt."""
        body = {
            "agrees": judgement.agrees,
            "wrong": list(judgement.wrong),
            "because": self.because,
            "model": answer.model,
            "question": answer.question,
            "issue_type": self.decision.issue_type,
            "of": {"model": self.case.answer.model, "prompt": self.desk.prompt.version},
        }
        await self.desk.journal.record(Kind.JUDGED, body)
        return Ruling(judgement=judgement, model=answer.model, because=self.because)

    def _question(self, judge: Model) -> Question:
        enriched = self.case.enriched
        about = prompt.About(enriched.ticket, enriched.facts, self.desk.taxonomy)
        return prompt.on_answer(
            self.decision,
            about,
            prompt=self.prompt,
            model=judge,
            context=enriched.context,
            budget=self.desk.policy.context,
        )
