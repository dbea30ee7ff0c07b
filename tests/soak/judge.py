"""What a helpdesk's own history says of each ticket that the fleet wrote to."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tasks.ports.ledger import Intent
from tasks.run import Run, State
from tests.acceptance.fleet import Place
from tests.contracts.stages import Page
from tests.soak.sites import Site

MACHINE = "triage-fleet"


def judged(place: Place, helpdesk: Site) -> dict[str, object]:
    """Counts of what is wrong, with the first few of each, and of what was written."""
    wrong: dict[str, list[str]] = {"twice": [], "missing": [], "half_written": []}
    runs = [run for run in place.runs() if run.stage != "intake"]
    pages = helpdesk.pages([run.external_id for run in runs])
    writes = 0
    for run in runs:
        intents = place.shop.ledger.writes(run.id)
        writes += len(intents)
        for what, names in _judge(run, intents, pages[run.external_id]).items():
            wrong[what] += [f"{run.external_id}: {name}" for name in names]
    return {
        "tickets": len(runs),
        "writes": writes,
        "states": dict(Counter(str(run.state) for run in runs)),
        **{what: len(found) for what, found in wrong.items()},
        "examples": {what: found[:5] for what, found in wrong.items() if found},
    }


def _judge(run: Run, intents: Sequence[Intent], page: Page) -> Mapping[str, list[str]]:
    posts = [one for one in intents if one.target.startswith("note:")]
    texts = Counter(text.strip() for author, text in page.notes if author == MACHINE)
    sets = Counter(change.field for change in page.history if change.author == MACHINE)
    fields = {one.target: one.wanted for one in intents if not one.target.startswith("note:")}
    wanted = {name: page.fields[name] == value for name, value in fields.items()}
    half = any(wanted.values()) and not all(wanted.values())
    return {
        "twice": [
            *(text for text, count in texts.items() if count > 1),
            *(name for name, count in sets.items() if count > 1),
        ],
        "missing": ["notes"] * (len(posts) - len(texts))
        + [name for name, there in wanted.items() if not there]
        + (["everything"] if run.state is not State.WRITTEN else []),
        "half_written": [str(wanted)] if half else [],
    }
