"""The pages' password: the operator's, or one made once that its owner alone can read."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.environment import Environment
from worker.home import Home
from worker.pages.password import FILE, password
from worker.refusals import RefusedToStart


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def _ask(home: Home, given: str | None = None) -> tuple[str, bool]:
    variables = {} if given is None else {"TRIAGE_FLOWER_PASSWORD": given}
    return password(Environment.read(variables), home)


def test_the_operators_own_is_taken_and_kept_nowhere(home: Home) -> None:
    assert _ask(home, "correct horse") == ("correct horse", False)
    assert not (home.root / FILE).exists()


@pytest.mark.parametrize("given", ["short", "contraseña larga", "with\na line"])
def test_one_that_protects_nothing_or_that_browsers_send_differently_is_refused(
    home: Home, given: str
) -> None:
    with pytest.raises(RefusedToStart, match="TRIAGE_FLOWER_PASSWORD") as refusal:
        _ask(home, given)
    assert given not in str(refusal.value)


def test_without_one_it_is_made_once_and_can_be_typed_on_a_phone(home: Home) -> None:
    secret, made = _ask(home)
    assert made
    assert re.fullmatch(r"([a-z2-9]{4}-){3}[a-z2-9]{4}", secret)
    assert _ask(home) == (secret, False)


def test_its_owner_alone_reads_it(home: Home) -> None:
    _ask(home)
    assert (home.root / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in home.root.iterdir()] == [FILE]


def test_two_that_make_it_at_once_agree_and_one_of_them_has_made_it(home: Home) -> None:
    asked: list[Callable[[], tuple[str, bool]]] = [lambda: _ask(home)] * 16
    with ThreadPoolExecutor(16) as crowd:
        found = [future.result() for future in [crowd.submit(ask) for ask in asked]]
    assert len({secret for secret, _ in found}) == 1
    assert sum(made for _, made in found) == 1
