"""Makes the local model ready: trained on the examples that config names, or from cache."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.load import Config
from config.serving import LOCAL
from tasks.ports.clock import Clock
from worker.models.baseline.examples import read_examples
from worker.models.baseline.provider import LocalBaseline
from worker.models.baseline.store import load_or_train
from worker.refusals import RefusedToStart


@contextmanager
def _one_at_a_time(cache: Path) -> Iterator[None]:
    """Of several workers that start together one trains, and the others find what it made."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "training.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def load_local(config: Config, checkout: Path, cache: Path, clock: Clock) -> LocalBaseline:
    """The provider of `local/baseline`. Training takes seconds, once for each set of examples.

    Raises RefusedToStart when it would be taught values that the live taxonomy does not have.
    """
    training = checkout / config.settings.sources.training
    taught = {example.issue_type for example in read_examples(training)}
    if strange := taught - set(config.taxonomy.names):
        raise RefusedToStart(
            f"{LOCAL} is taught issue types that the taxonomy lacks: {', '.join(sorted(strange))}.",
            remedy="Train it on your own labels (sources.training in settings.toml), "
            "or set TRIAGE_MODEL to a hosted model.",
        )
    labels = tuple(name for name in config.taxonomy.names if name in taught)
    with _one_at_a_time(cache):
        baseline = load_or_train(training, cache, labels, config.policy.asking.max_wrong)
    criteria = {
        issue.name: [found for name in issue.criteria if (found := config.taxonomy.criterion(name))]
        for issue in config.taxonomy.issue_types
    }
    return LocalBaseline(baseline, criteria, clock=clock, least_words=config.policy.quote_words)
