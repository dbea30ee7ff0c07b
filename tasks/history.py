"""What came before: the language, the thread's earlier turns in short, the requester's tickets."""

from tasks.case import Enriched
from tasks.closed import closed_threads
from tasks.context import Context, covered
from tasks.desk import Desk
from tasks.language import language_of
from tasks.noting import Gap, Noting, note
from tasks.sections import tokens
from tasks.summary import RULE, Summary, Talk, covering, hashes, known_of

FULL = 0.75
"""Of its budget: notes that have grown so far are written anew, shorter, with what is new."""

KEPT_CALLS = 2
"""Of a run's calls, for the question that decides and for asking it once more."""


async def recollect(case: Enriched, desk: Desk) -> Context:
    """The context of a case that is being enriched. Raises LedgerDown, and what the journal does.

    Whatever comes of asking a model to sum up, the ticket goes on: a rule takes its place.
    """
    language, is_read = language_of(case.ticket), not _is_all_local(case, desk)
    asks = is_read and desk.taxonomy.supports(language)
    context = await _on_the_thread(case, desk, Context(language=language), asks=asks)
    before = await closed_threads(case, desk, asks=asks) if is_read else ()
    return context.model_copy(update={"before": before})


def _is_all_local(case: Enriched, desk: Desk) -> bool:
    """Whether nobody reads the context: a model without language does not."""
    return all(desk.tiers.model(name).is_local for name in desk.tiers.tier(case.tier).models)


async def _on_the_thread(case: Enriched, desk: Desk, context: Context, *, asks: bool) -> Context:
    """With a summary of what was said before the turns that are shown as they were said."""
    turns = covered(case.ticket, desk.policy.context.turns)
    covers, known = hashes(turns), case.received.known
    if not turns:
        return context
    if known and known.summary and _is_final(known, known.summary, covers):
        kept = {name: getattr(known, name) for name in ("summary", "gap", "is_gap_paid")}
        return context.model_copy(update=kept)
    whole = Talk.of(None, turns)
    summary, gap = await _summed_up(whole, covers, case, desk, asks=asks)
    told = {"gap": gap.why, "is_gap_paid": gap.is_paid} if gap else {}
    return context.model_copy(update={"summary": summary, **told})


def _is_final(known: Context, summary: Summary, covers: tuple[str, ...]) -> bool:
    """Whether an earlier attempt of this run has had it, or has paid for not having it."""
    is_same = known_of(summary.covers, covers) == len(covers)
    return is_same and (summary.made_by != RULE or known.is_gap_paid)


async def _summed_up(
    whole: Talk, covers: tuple[str, ...], case: Enriched, desk: Desk, *, asks: bool
) -> tuple[Summary, Gap | None]:
    """What was kept, grown by what is new: by a model where that says it shorter, else by rule."""
    most = desk.policy.context.summary
    before = await desk.threads.recall() if asks else None
    since = known_of(before.covers, covers) if before else 0
    if before and since == len(covers):
        return before, None
    if not since and (said := whole.whole(most)):
        return said.on(covers), None
    known: tuple[str, ...] = ()
    talk = whole
    if before and since:
        known, talk = before.covers, Talk.of(before, whole.turns[since:])
    came = await _asked(talk, case, desk) if asks else None
    covers = covering(known, covers)
    if isinstance(came, Summary):
        grown = came.on(covers)
        await desk.threads.keep(grown)
        return grown, None
    return talk.in_short(most).on(covers), came


async def _asked(talk: Talk, case: Enriched, desk: Desk) -> Summary | Gap:
    budget = desk.policy.context
    noting = Noting(
        purpose="summarise",
        prompt=desk.summarise,
        tier=budget.summary_tier,
        most=budget.summary,
        keeps=KEPT_CALLS,
    )
    noted = tokens(talk.before.document()) if talk.before else 0
    return await note(talk, noting, case, desk, anew=noted > budget.summary * FULL)
