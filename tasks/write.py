"""Stage 4: put the decision into the helpdesk, where no person has put something else."""

from config.mode import Mode
from tasks.case import Validated, Written
from tasks.causes import Cause, DropCause
from tasks.desk import Desk, Past
from tasks.detour import Detour, Drop, GiveUp, Wait
from tasks.images import images, pre_image
from tasks.notes import notes_of
from tasks.ports.helpdesk import FIELDS, Seen
from tasks.ports.ledger import Intent
from tasks.protocol import Plan, Shut, carry_out
from tasks.run import Outcome


async def write(case: Validated, desk: Desk) -> Written | Detour:
    """The case with what became of it in the helpdesk. The intent is recorded before it is sent.

    As far as the desk's mode goes: all of it, one note that suggests it, or nothing.
    """
    past = await desk.journal.past()
    if desk.mode is Mode.SHADOW and not past.own:
        return Written(validated=case, outcome=Outcome.SHADOW, results=())
    if refused := await desk.helpdesk.refuses(case.ticket.id, case.decision.to_set()):
        return GiveUp(cause=Cause.HELPDESK_REFUSED, why="; ".join(refused.values()))
    done = await carry_out(case.ticket.id, past, desk, lambda seen: _plan(case, past, seen, desk))
    match done:
        case Wait():
            return done
        case Shut():  # nobody needs the rest
            return Drop(cause=DropCause.GONE, why=done.why, writes=done.writes)
        case results:
            return Written(validated=case, outcome=_outcome(desk.mode, results), results=results)


def _outcome(mode: Mode, results: tuple[Intent, ...]) -> Outcome:
    """Where a field was set before the writing was stopped, it was written in part."""
    if mode is not Mode.AUTO and any(
        one.outcome == "applied" and one.target in FIELDS for one in results
    ):
        return Outcome.PARTLY
    match mode:
        case Mode.AUTO:
            if not any(intent.target in FIELDS for intent in results):
                return Outcome.SUGGESTED  # no field is sure enough, or config leaves none
            kept = any(intent.outcome == "kept" for intent in results)
            return Outcome.PARTLY if kept else Outcome.APPLIED
        case Mode.SUGGEST:
            return Outcome.SUGGESTED
        case Mode.SHADOW:
            return Outcome.SHADOW


def _plan(case: Validated, past: Past, seen: Seen, desk: Desk) -> Plan:
    may_hold = images(case.ticket, past)
    wanted = case.decision.to_set() if desk.mode is Mode.AUTO else case.decision.fields()
    kept = {
        name for name, value in wanted.items() if seen.fields[name] not in {value, *may_hold[name]}
    }
    notes = notes_of(case, desk.mode, explains=desk.policy.route_note, kept=kept)
    posts = tuple(
        Intent(key=f"{past.key}:{target}", run=case.run, target=target, before=None, wanted=None)
        for target in notes
    )
    if desk.mode is not Mode.AUTO:
        return _begun(past, posts, notes)
    fields = tuple(
        Intent(
            key=f"{past.key}:{name}",
            run=case.run,
            target=name,
            before=pre_image(seen.fields[name], may_hold[name]),
            wanted=value,
        )
        for name, value in wanted.items()
    )
    return Plan(
        fields=fields,
        images={name: frozenset(values) for name, values in may_hold.items()},
        posts=posts,
        notes=notes,
    )


def _begun(past: Past, posts: tuple[Intent, ...], notes: dict[str, str]) -> Plan:
    """Sets no field, and sends nothing of what was begun while that was allowed."""
    left = tuple(
        one
        for one in past.own
        if one.outcome is None
        and one.key.startswith(f"{past.key}:")
        and one.key not in {post.key for post in posts}
    )
    return Plan(fields=(), images={}, posts=posts, notes=notes, left=left)
