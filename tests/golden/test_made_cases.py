"""Golden cases that `triage ticket golden` has made: of this checkout, and of TRIAGE_CONFIG."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from config.environment import Environment
from config.load import Config, load
from config.serving import LOCAL
from tests.golden.golden import FOLDER, Golden, carry, made_cases, saying
from tests.twins.clock import StillClock
from worker.compose import CHECKOUT
from worker.models.local import load_local


def _cases(theirs: Environment) -> Iterator[tuple[Golden, Config]]:
    """Each with the configuration that it belongs to."""
    ours = load(Environment.read({}))
    yield from ((case, ours) for case in made_cases(FOLDER))
    if theirs.config and (cases := made_cases(theirs.config / "golden")):
        config = load(theirs)
        yield from ((case, config) for case in cases)


def _differs(golden: Golden, config: Config, trained: Path) -> Mapping[str, object]:
    """What comes of it, where that is not what people say."""
    is_local = golden.model == LOCAL
    models = load_local(config, CHECKOUT, trained, StillClock()) if is_local else saying(golden)
    came = carry(golden, models, config)
    return {
        name: came.get(name) for name, value in golden.expected.items() if came.get(name) != value
    }


def differences(theirs: Environment, trained: Path) -> Mapping[str, Mapping[str, object]]:
    """The cases that end elsewhere, each with where."""
    found = {case.name: _differs(case, config, trained) for case, config in _cases(theirs)}
    return {name: differs for name, differs in found.items() if differs}


def test_every_case_ends_where_people_put_it(trained: Path) -> None:
    """One that was decided otherwise fails until somebody has mended that."""
    assert differences(Environment.read(), trained) == {}
