"""What came of a storm: figures for people, a document for scripts."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from config.guards import MICRO
from tests.chaos.arena import Arena
from tests.chaos.dossier import dossiers
from tests.chaos.evidence import Records
from tests.chaos.nemesis import BUSY, Nemesis
from tests.chaos.plan import HEAVY, KILLS
from tests.chaos.provider import FAIR
from tests.chaos.verdict_on_breakers import judged
from tests.chaos.watch import ENOUGH, Watch, percentile

if TYPE_CHECKING:
    from tests.chaos.storm import Orders


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One storm."""

    document: Mapping[str, Any]

    @classmethod
    def of(
        cls,
        orders: "Orders",
        arena: Arena,
        nemesis: Nemesis,
        watch: Watch,
        records: Records,
        **found: Any,  # noqa: ANN401 - as the storm names it
    ) -> Self:
        """From everything that was seen."""
        heavy = {str(kind): nemesis.done[kind] for kind in HEAVY if nemesis.done[kind]}
        light = {str(k): n for k, n in nemesis.done.items() if k not in HEAVY}
        light |= {name: n for name, n in records.played.items() if name != FAIR}
        light |= _helpdesk(arena)
        kills = [one for one in nemesis.timeline if one["kind"] in KILLS]
        every = [one.seconds for one in watch.recovered]
        fair = [one.seconds for one in watch.recovered if one.fair]
        return cls(
            document={
                "seed": orders.seed,
                "ledger": orders.ledger,
                "minutes": orders.minutes,
                "again": orders.command,
                "tickets": arena.customers.brought,
                "runs": len(records.runs),
                "states": dict(Counter(str(run.state) for run in records.runs)),
                "faults": {"process_store_disk": heavy, "message_provider_helpdesk_clock": light},
                "kills": len(kills),
                "kills_of_busy_workers": sum(one["held"] >= BUSY for one in kills),
                "in_flight_at_kills": sum(len(one.held) for one in nemesis.fallen),
                "asking_at_kills": sum(one.asking for one in nemesis.fallen),
                "edits": arena.customers.edits,
                "model_calls": len(records.requests),
                "retries": sum(call.ask.is_retry for call in records.calls),
                "micro_usd": sum(run.micro_usd for run in records.runs),
                "leans": len(records.weather.leans),
                "breakers": judged(records),
                "model_calls_repeated": found["repeated"],
                "twins_found": found["twins"],
                "rest_seconds": found["rest_seconds"] and round(found["rest_seconds"], 1),
                "books_looked_at": watch.looks,
                "recovery": _distribution(every),
                "recovery_undisturbed": _distribution(fair),
                "ended_oddly": [
                    f"{one.name} {one.code}" for one in nemesis.ended if _is_odd(one.code)
                ],
                "violations": {name: some[:50] for name, some in found["violations"].items()},
                "dossiers": dossiers(records, found["violations"]),
                "timeline": nemesis.timeline,
            }
        )

    def _enough(self) -> str:
        few = self.document["recovery_undisturbed"]["runs"] < ENOUGH
        return ", too few to judge I10 by" if few else ""

    @property
    def violations(self) -> int:
        """How many there are."""
        return sum(map(len, self.document["violations"].values()))

    def as_json(self) -> Mapping[str, Any]:
        """All of it."""
        return self.document

    def as_text(self) -> str:
        """What people want to see."""
        found = self.document
        lines = [
            f"{found['ledger']}: {found['tickets']} tickets, {found['states']}",
            f"  kills of busy workers {found['kills_of_busy_workers']} of {found['kills']}",
            f"  model calls {found['model_calls']}, repeated {found['model_calls_repeated']}",
            f"  retries {found['retries']}, breakers {json.dumps(found['breakers'])}",
            f"  {found['micro_usd'] / MICRO:.2f} US dollars, money short {found['leans']} times",
            f"  at rest {found['rest_seconds']} s after the last fault",
            f"  dead workers' runs went on after: {json.dumps(found['recovery'])}",
            f"  undisturbed: {json.dumps(found['recovery_undisturbed'])}{self._enough()}",
            f"  twins found {found['twins_found']}, ended oddly {found['ended_oddly']}",
        ]
        for name, kinds in found["faults"].items():
            total = sum(kinds.values())
            lines.append(f"  {name}: {total}, {dict(sorted(kinds.items()))}")
        total = sum(sum(kinds.values()) for kinds in found["faults"].values())
        count = sum(map(len, found["faults"].values()))
        for name, violations in found["violations"].items():
            lines.append(f"  {name}: {len(violations)} violations")
            lines += [f"      {one}" for one in violations[:10]]
        bound = f"{3 / total:.4f} a fault" if total else "-"
        lines.append(
            f"{self.violations} violations in {total} faults of {count} kinds; 95 % bound {bound}"
        )
        return "\n".join(lines)


def _helpdesk(arena: Arena) -> dict[str, int]:
    path = arena.folder / "helpdesk.jsonl"
    if not path.exists():
        return {}
    lines = map(json.loads, path.read_text().splitlines())
    return dict(Counter(f"helpdesk_{line['trouble']}" for line in lines))


def _distribution(seconds: list[float]) -> dict[str, float | int | None]:
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    found = {name: percentile(seconds, share) for name, share in shares.items()}
    return {"runs": len(seconds)} | {
        name: None if value is None else round(value, 2) for name, value in found.items()
    }


def _is_odd(code: int) -> bool:
    """Neither in good order nor by the nemesis nor by a poisonous ticket."""
    return code not in (0, -9, -6)
