"""Measures the local model on messages that it has not learnt from.

    python -m tests.evals.measure_baseline --inbox CSV --out-of-scope CSV [--json]

`--inbox` has the columns `text` and `issue_type`, `--out-of-scope` the column `text`. The model is
trained on fixtures/bank each time, and timed; neither file has a say in it.
"""

import argparse
import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from tests.evals.figures import Figures, Labelled, figures, let_through
from worker.models.baseline.examples import read_examples
from worker.models.baseline.model import Baseline
from worker.models.baseline.store import load, save
from worker.models.baseline.training import train
from worker.operating.share import Share

TRAINING = Path("fixtures/bank/train.csv")
MAX_WRONG = 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """Seconds."""

    train_wall: float
    train_cpu: float
    load_and_first_answer: float


def main(arguments: Sequence[str]) -> int:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="measure_baseline", description=__doc__)
    parser.add_argument("--inbox", type=Path, required=True)
    parser.add_argument("--out-of-scope", type=Path, required=True)
    parser.add_argument("--training", type=Path, default=TRAINING, help=f"default: {TRAINING}")
    parser.add_argument("--max-wrong", type=float, default=MAX_WRONG, help=f"default: {MAX_WRONG}")
    parser.add_argument("--json", action="store_true", help="for machines")
    given = parser.parse_args(arguments)
    baseline, cost = _trained(given.training, given.max_wrong)
    messages = [
        Labelled(text=row["text"], issue_type=row["issue_type"]) for row in _rows(given.inbox)
    ]
    found = figures(baseline, messages)
    strangers = let_through(baseline, (row["text"] for row in _rows(given.out_of_scope)))
    show = _as_json if given.json else _as_text
    sys.stdout.write(show(baseline, found, strangers, cost) + "\n")
    return 0


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _trained(training: Path, max_wrong: float) -> tuple[Baseline, Cost]:
    examples = read_examples(training)
    labels = tuple(sorted({example.issue_type for example in examples}))
    wall, cpu = perf_counter(), process_time()
    baseline = train(examples, labels, max_wrong)
    wall, cpu = perf_counter() - wall, process_time() - cpu
    with TemporaryDirectory() as folder:
        path = Path(folder) / "baseline.npz"
        save(baseline, path)
        began = perf_counter()
        loaded = load(path)
        loaded.rank(examples[0].text)
        first = perf_counter() - began
    return loaded, Cost(train_wall=wall, train_cpu=cpu, load_and_first_answer=first)


def _as_text(baseline: Baseline, found: Figures, strangers: Share, cost: Cost) -> str:
    return "\n".join(
        (
            f"answered                    {found.answered}",
            f"right, of the answered      {found.right}",
            f"right, had it to answer     {found.right_if_forced}",
            f"out of scope, yet answered  {strangers}",
            f"least confidence            {baseline.threshold:.4f}",
            f"least familiarity           {baseline.floor:.4f}",
            f"training                    {cost.train_wall:.1f} s, {cost.train_cpu:.1f} s of CPU",
            f"loading and first answer    {cost.load_and_first_answer:.2f} s",
            f"one answer                  {found.milliseconds:.2f} ms",
        )
    )


def _as_json(baseline: Baseline, found: Figures, strangers: Share, cost: Cost) -> str:
    shares = {
        "answered": found.answered,
        "right_of_answered": found.right,
        "right_if_forced": found.right_if_forced,
        "out_of_scope_answered": strangers,
    }
    document: dict[str, object] = {
        name: {"hits": share.hits, "of": share.of, "share": share.value, "wilson95": share.interval}
        for name, share in shares.items()
    }
    document |= {
        "threshold": baseline.threshold,
        "floor": baseline.floor,
        "train_seconds": cost.train_wall,
        "train_cpu_seconds": cost.train_cpu,
        "load_and_first_answer_seconds": cost.load_and_first_answer,
        "milliseconds_per_answer": found.milliseconds,
    }
    return json.dumps(document, indent=1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
