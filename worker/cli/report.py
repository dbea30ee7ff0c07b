"""The report of a run, for people and scripts."""

from collections.abc import Mapping

from config.serving import LOCAL
from tasks.run import State
from worker.cli.output import dollars, print_table
from worker.operating.report import Report

NEXT = {
    State.IN_REVIEW: "waiting for people: `triage review list`",
    State.DEAD: "dead: `triage dead list --group` says of what",
}
"""Where to read on."""


def as_json(found: Report) -> dict[str, object]:
    """As docs/interface.md promises it to scripts."""
    document = found.stock.as_json() | {
        "seen": found.polled.seen,
        "new": found.polled.ingested,
        "known": found.polled.known,
        "malformed": found.polled.malformed,
        "seconds": round(found.seconds, 2),
        "tickets_per_second": round(found.settled / found.seconds, 2) if found.seconds else 0.0,
        "cost_usd": found.micro_usd / 1e6,
        "model": ", ".join(found.models) or None,
        "tiers": dict(found.tiers),
    }
    if found.accuracy:
        document["issue_type"] = {
            "n": found.accuracy.n,
            "accuracy": found.accuracy.accuracy,
            "coverage": found.accuracy.coverage,
        }
    return document


def print_report(found: Report) -> None:
    """One page."""
    states = found.stock.books.states
    print(f"\n{found.source}: {found.polled.ingested} new tickets in {found.seconds:.1f} s")
    if not found.polled.ingested:
        print("nothing was ingested: every message of it was taken in before")
    print()
    print_table(["where", "tickets"], [(s, count) for s, count in states.items() if count])
    print()
    print_table(["tier", "tickets"], found.tiers.items())
    print()
    print_table(["written as", "tickets"], _most(found.issue_types))
    print()
    print_table(["why not written", "tickets"], _most(found.reasons))
    print()
    _print_model(found)
    for state, told in NEXT.items():
        if count := states[state]:
            print(f"{count} {told}")
    balanced = "balanced" if found.stock.balanced else "NOT BALANCED"
    print(f"books: {found.stock.books.ingested} ingested, {balanced}")


def _print_model(found: Report) -> None:
    print(
        f"model: {', '.join(found.models) or 'none has answered'}, cost {dollars(found.micro_usd)}"
    )
    if LOCAL in found.models:
        print(
            "  local/baseline is a small statistical model trained on labelled examples: it needs\n"
            "  no key, knows nothing but issue types, and leaves what it is unsure of to people"
        )
    if found.accuracy:
        right = found.accuracy.accuracy
        print(
            f"against {found.accuracy.n} labels: {found.accuracy.coverage:.1%} written without "
            f"review, {'-' if right is None else f'{right:.1%}'} of those with the right issue type"
        )


def _most(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent first."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
