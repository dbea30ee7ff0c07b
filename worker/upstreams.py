"""What a worker may ask for a ticket, and the guards on the way there: all that config names."""

from collections.abc import Iterator

from config.load import Config
from config.tiers import Model
from tasks.ports.guards import Errand
from worker.facts.sources import errand_to
from worker.guards.rule import KEYS, guards_of


def guards_asked(config: Config) -> tuple[str, ...]:
    """Names of all guards that a ticket can come to: upstreams, then keys."""
    names = dict.fromkeys(name for errand in _errands(config) for name in guards_of(errand))
    return tuple(sorted(names, key=lambda name: name.startswith(KEYS)))


def errand_to_helpdesk(config: Config) -> Errand:
    """A request to the helpdesk, whatever it is about."""
    remote = config.helpdesk.remote
    key = remote.credential if remote else None
    return Errand(upstream=config.helpdesk.dependency, credential=key)


def _errands(config: Config) -> Iterator[Errand]:
    for model in map(config.tiers.model, config.tiers.served):
        if not model.is_local:
            yield _errand_to_model(model)
    yield errand_to_helpdesk(config)
    for name, source in config.facts.used.items():
        yield errand_to(name, source)


def _errand_to_model(model: Model) -> Errand:
    return Errand(upstream=model.dependency, credential=model.credential, model=model.name)
