"""In CI a test left out is a failed one. A plugin of pytest's, for tests/conftest.py."""

import os

import pytest


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a test left out is a failed one."""
    if _left_out(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name what was left out, where that is a failure."""
    if left_out := _left_out(config):
        terminalreporter.section("left out, and so failed: this is CI", red=True)
        for line in left_out:
            terminalreporter.line(line, red=True)


def _left_out(config: pytest.Config) -> list[str]:
    """In CI every test that was skipped or is expected to fail, with the reason; elsewhere none."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return []
    reports = [*reporter.getreports("skipped"), *reporter.getreports("xfailed")]
    return [f"{report.nodeid}: {_reason(report)}" for report in reports]


def _reason(report: pytest.TestReport) -> str:
    match report.longrepr:
        case (_, _, str(reason)):
            return reason
        case _:
            return f"expected to fail: {getattr(report, 'wasxfail', '')}"
