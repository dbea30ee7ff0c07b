"""A pytest plugin: `pytest -p tests.sabotage.plugin --plant=NAME`."""

import pytest

from tests.sabotage.defects import DEFECTS


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one way to plant a defect."""
    parser.addoption("--plant", choices=tuple(DEFECTS), required=True)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before any test."""
    DEFECTS[session.config.getoption("--plant")]()
