"""The proposal as files of a configuration, for people to go on with."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path

from worker.operating.proposing.proposal import PRIORITISED, Proposal, ProposedType

TRAINING, FACTS = "training.csv", "facts"
NAMES = (FACTS, TRAINING, "settings.toml", "taxonomy.toml")
"""What a configuration of one's own begins with."""

TAXONOMY = """\
# Proposed by `triage init` from {tickets:,} past tickets of {source}.
# It is yours: change what is wrong, then see what `triage check` says.
# Priorities run from 1 (most urgent) to 4.

fallback_queue = {fallback}   # where people find what no machine decided
languages = []   # any; with ["de", "en"] people answer whoever writes in another one

[issue_types]
replace = true   # none of the sample's

# Hosted models choose by the descriptions: rewrite each in a sentence of your own. Below stand what
# people called it so far and its most telling words. A name that you change must be changed in
# training.csv too, from which the local model learns.

{types}
# Nothing escalates a ticket yet. A criterion is proven by a quote of at least four words of the
# customer's own, in which one of its patterns (regular expressions) is found. For example:
#
#   [criteria.legal_threat]
#   description = "The customer announces a lawyer or a court."
#   patterns = ['\\bmy lawyer\\b', '\\bsee you in court\\b']
#   unless = ['\\bif\\b']
#
# and in each issue type that it may escalate: criteria = ["legal_threat"]

[criteria]
replace = true   # none of the sample's
"""
TYPE = """\
# Tickets: {tickets:,}{few}. Queue: {queue_why}.
# Priority: {priority_why}.
[issue_types.{name}]
description = {description}
queue = {queue}
priority = {{ basic = {priority}, plus = {priority}, business = {business} }}
"""
OTHER = """\
# For hosted models; the local one leaves to people what it is unsure of.
[issue_types.other]
description = "Nothing of the above."
queue = {queue}
priority = {{ basic = 3, plus = 3, business = 2 }}
"""
SETTINGS = """\
# Proposed by `triage init`. The paths are those of this folder: change them where you move it.

[sources]
# What `triage run` takes without an argument: the sample inbox is another desk's.
sample = "helpdesk"
# What is known about customers: four empty files to fill, as fixtures/facts/README.md has them.
facts = {facts}
# What customers wrote, for the local model: keep it as you keep their tickets.
training = {training}
"""
FACT_FILES = {
    "accounts.json": "{}\n",
    "billing_events.json": "{}\n",
    "incidents.json": "[]\n",
    "interactions.json": "{}\n",
}


def documents(
    proposal: Proposal, rare: Iterable[str], source: str, directory: Path
) -> Mapping[str, str]:
    """Every file by its path in `directory`, which is absolute."""
    return {
        **{f"{FACTS}/{name}": text for name, text in FACT_FILES.items()},
        TRAINING: _training(proposal),
        "settings.toml": SETTINGS.format(
            facts=_quoted(str(directory / FACTS)), training=_quoted(str(directory / TRAINING))
        ),
        "taxonomy.toml": _taxonomy(proposal, frozenset(rare), source),
    }


def _taxonomy(proposal: Proposal, rare: frozenset[str], source: str) -> str:
    return TAXONOMY.format(
        tickets=len(proposal.examples),
        source=source,
        fallback=_quoted(proposal.fallback),
        types="\n".join(_types(proposal, rare)),
    )


def _types(proposal: Proposal, rare: frozenset[str]) -> Iterator[str]:
    for one in proposal.types:
        yield TYPE.format(
            tickets=one.tickets,
            few=", too few for the local model to answer" if one.name in rare else "",
            queue_why=_queue_why(one),
            priority_why=_priority_why(one),
            name=one.name,
            description=_quoted(_description(one)),
            queue=_quoted(one.queue),
            priority=one.priority,
            business=one.business,
        )
    if "other" not in proposal.names:
        yield OTHER.format(queue=_quoted(proposal.fallback))


def _queue_why(one: ProposedType) -> str:
    return f"{one.in_queue:,} of them ended there" if one.in_queue else "none of them says one"


def _priority_why(one: ProposedType) -> str:
    if one.prioritised >= PRIORITISED:
        return f"the median of the {one.prioritised:,} to which people gave one of 1 to 4"
    return f"a guess, for people gave one of 1 to 4 to {one.prioritised} of them"


def _description(one: ProposedType) -> str:
    words = f" Often with the words: {', '.join(one.words)}." if one.words else ""
    return f"{one.shown}.{words}"


def _training(proposal: Proposal) -> str:
    text = StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("text", "issue_type"))
    rows.writerows((one.text, one.issue_type) for one in proposal.examples)
    return text.getvalue()


def _quoted(text: str) -> str:
    """A string of TOML's: one of JSON's, but that DEL may not stand in it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
