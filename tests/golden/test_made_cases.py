"""Golden cases that `triage ticket golden` has made: of this checkout, and of TRIAGE_CONFIG."""

from pathlib import Path

import pytest

from config.environment import Environment
from config.load import Config, load
from config.serving import LOCAL
from tests.golden.golden import FOLDER, Golden, carry, made_cases, saying
from tests.twins.clock import StillClock
from worker.compose import CHECKOUT
from worker.models.local import load_local


def _cases() -> list[tuple[Golden, Config]]:
    """Each with the configuration that it belongs to."""
    ours, theirs = load(Environment.read({})), Environment.read()
    found = [(case, ours) for case in made_cases(FOLDER)]
    if theirs.config and (cases := made_cases(theirs.config / "golden")):
        found += [(case, load(theirs)) for case in cases]
    return found


CASES = _cases()


@pytest.mark.parametrize(("golden", "config"), CASES, ids=[case.name for case, _ in CASES])
def test_a_case_ends_where_people_put_it(golden: Golden, config: Config, trained: Path) -> None:
    """One that was decided otherwise fails until somebody has mended that."""
    is_local = golden.model == LOCAL
    models = load_local(config, CHECKOUT, trained, StillClock()) if is_local else saying(golden)
    came = carry(golden, models, config)
    assert {name: came.get(name) for name in golden.expected} == dict(golden.expected), came
