"""`triage init --from SOURCE`: proposes a taxonomy of one's own from past tickets."""

import argparse
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from config.environment import Environment
from config.load import load
from tasks.errors import OperatorError
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.cli.proposal import Told, as_json, print_proposal
from worker.cli.span import seconds
from worker.operating.proposing.documents import NAMES
from worker.operating.proposing.figures import figures
from worker.operating.proposing.folder import in_the_way
from worker.operating.proposing.past import one_line
from worker.operating.proposing.proposal import proposed
from worker.operating.proposing.settling import settle
from worker.operating.proposing.source import Reach, read_past

LONGEST_DAYS = 36_500


def init(asked: argparse.Namespace) -> ExitCode:
    """The proposal, and what the local model would be worth by it; with --yes it is written."""
    directory = Path(asked.dir).resolve()
    environment = _standing(directory)
    there = in_the_way(directory, NAMES)
    if there and asked.yes:
        raise OperatorError(
            f"{directory} has {', '.join(there)} already, and nothing is overwritten: "
            "take that away, or name another directory with --dir"
        )
    source = one_line(asked.source)
    pile = read_past(asked.source, _reach(asked), environment, _progress)
    proposal = proposed(pile, fallback=asked.fallback)
    _say(f"teaching local/baseline by {len(proposal.examples):,} tickets, to measure it")
    max_wrong = _max_wrong(directory, environment)
    found = figures(proposal, max_wrong)
    if asked.yes:
        rare = [name for name, of_type in found.types.items() if of_type.too_rare]
        settle(proposal, rare=rare, source=source, directory=directory, environment=environment)
    told = Told(
        source=source,
        directory=directory,
        written=asked.yes,
        there=tuple(there),
        besides=_besides(directory, environment.config),
        max_wrong=max_wrong,
        pile=pile,
        proposal=proposal,
        figures=found,
    )
    if asked.json:
        print_json(as_json(told))
    else:
        print_proposal(told)
    return ExitCode.DONE


def _standing(directory: Path) -> Environment:
    """The environment; TRIAGE_CONFIG may name already what is only to be made."""
    environment = Environment.read()
    named = environment.config
    if named and named.resolve() == directory and not directory.exists():
        return replace(environment, config=None)
    return environment


def _besides(directory: Path, used: Path | None) -> tuple[str, ...]:
    """Files of the configuration in use that the directory lacks."""
    if used is None or used.resolve() == directory:
        return ()
    found = (str(path) for path in used.iterdir() if not (directory / path.name).exists())
    return tuple(sorted(found))


def _max_wrong(directory: Path, environment: Environment) -> float:
    """By the policy of a fleet that is started with the directory."""
    config = directory if directory.is_dir() else None
    policy = load(replace(environment, config=config, helpdesk="embedded")).policy
    return policy.asking.max_wrong


def _reach(asked: argparse.Namespace) -> Reach:
    if asked.since is None:
        return Reach(limit=asked.limit)
    days = seconds(asked.since) / 86_400
    if days > LONGEST_DAYS:
        raise OperatorError(f"{asked.since} is longer than there are helpdesks")
    return Reach(span=timedelta(days=days), limit=asked.limit)


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        print(f"\r{done:,} of {total:,} tickets read", end=end, file=sys.stderr)


def _say(text: str) -> None:
    if sys.stderr.isatty():
        print(text, file=sys.stderr)
