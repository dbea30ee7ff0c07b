"""Everything that is known about one run, as one document for people and scripts."""

from collections.abc import Mapping, Sequence

from tasks.events import Event, Kind
from tasks.ports.ledger import Sealed, SealedKey
from tasks.recorded import readable
from tasks.run import Run
from worker.ledgers.sql import SqlLedger
from worker.operating.moments import iso
from worker.privacy.vault import Unreadable, Vault

FORGOTTEN = "(forgotten)"
QUESTION = "question."
"""What texts are called that were sent to a model: with the number of their event behind it."""


def dossier(run: Run, ledger: SqlLedger, vault: Vault) -> dict[str, object]:
    """State, events, calls, writes, decisions and texts of the run; as docs/interface.md has it."""
    events = ledger.events(run.id)
    texts = open_texts(run, ledger, vault)
    return {
        "run": run.id,
        "ticket": run.external_id,
        "source": run.source,
        "revision": run.revision,
        "state": str(run.state),
        "outcome": str(run.outcome) if run.outcome else None,
        "stage": run.stage,
        "tier": run.tier,
        "customer_tier": run.customer_tier,
        "reason": run.reason,
        "why": run.why,
        "due_at": iso(run.due_at),
        "attempts": run.attempts,
        "requeues": run.requeues,
        "ingested_at": iso(run.ingested_at),
        "routed_at": iso(run.routed_at),
        "cost_usd": run.micro_usd / 1e6,
        "issue_type": run.issue_type,
        "priority": run.priority,
        "queue": run.queue,
        "events": [{"kind": str(e.kind), "at": iso(e.at), "body": e.body} for e in events],
        "calls": _calls(events),
        "context": _context(events),
        "writes": [
            {
                "key": write.key,
                "target": write.target,
                "before": write.before,
                "wanted": write.wanted,
                "outcome": write.outcome,
                "holds": write.holds,
            }
            for write in ledger.writes(run.id)
        ],
        "decisions": [choice for e in events if e.kind in DECIDED for choice in _choices(e)],
        "texts": texts,
    }


def open_texts(
    run: Run, ledger: SqlLedger, vault: Vault, *, readably: bool = True
) -> dict[str, str]:
    """The run's texts by name; each says so where it was forgotten. `readably`: for people."""
    key = ledger.key(run.requester)
    if key is None:
        return {"ticket": FORGOTTEN}
    return {
        sealed.name: _told(sealed.name, _open(vault, sealed, key), readably=readably)
        for sealed in sorted(ledger.bodies(run.id), key=lambda sealed: sealed.name)
    }


def _told(name: str, text: str, *, readably: bool) -> str:
    return readable(text) if readably and name.startswith(QUESTION) else text


def _open(vault: Vault, sealed: Sealed, key: SealedKey | None) -> str:
    if key is None:
        return FORGOTTEN
    try:
        return vault.open_bytes(sealed, key).decode("utf-8", "backslashreplace")
    except Unreadable:
        return "(sealed under another TRIAGE_SECRET_KEY)"


DECIDED = frozenset({Kind.VALIDATED, Kind.REVIEWED})
"""What says what is to be written."""

CALLS = frozenset({Kind.ANSWERED, Kind.UNANSWERED})
"""What became of a request to a model."""


def _calls(events: Sequence[Event]) -> list[Mapping[str, object]]:
    return [{"at": iso(e.at), **e.body} for e in events if e.kind in CALLS]


def _context(events: Sequence[Event]) -> list[Mapping[str, object]]:
    """How much of each section the last question had that decides, and how much was left out."""
    told = (e.body.get("context") for e in reversed(events) if decides(e))
    sections = next((found for found in told if isinstance(found, dict)), {})
    return [{"section": name, **counts} for name, counts in sections.items()]


def decides(event: Event) -> bool:
    """Whether it is an answer to the question about the ticket itself."""
    return event.kind is Kind.ANSWERED and event.body.get("purpose", "classify") == "classify"


def _choices(event: Event) -> list[object]:
    choices = event.body.get("choices")
    return choices if isinstance(choices, list) else []
