"""`triage check`: validates settings and connections without starting anything."""

import argparse
from collections.abc import Sequence

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.findings import Finding
from worker.operating.checks import run_checks

MARKS = {"ok": "ok     ", "warning": "warning", "wrong": "WRONG  "}


def check(asked: argparse.Namespace) -> ExitCode:
    """One line per thing looked at; exit code 4 when the fleet would refuse to start."""
    return tell(run_checks(), as_json=asked.json)


def tell(findings: Sequence[Finding], *, as_json: bool) -> ExitCode:
    """Findings as a list or a document; the exit code says whether any is wrong."""
    wrong = any(finding.level == "wrong" for finding in findings)
    if as_json:
        rows = [
            {"what": f.what, "level": f.level, "says": f.says, "remedy": f.remedy} for f in findings
        ]
        print_json({"ok": not wrong, "findings": rows})
    else:
        _print(findings)
    return ExitCode.REFUSED if wrong else ExitCode.DONE


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        print(f"{MARKS[finding.level]}  {finding.what}: {finding.says}")
        if finding.remedy:
            print(f"         {finding.remedy}")
