"""`triage check`: validates settings and connections without starting anything."""

import argparse

from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.operating.checks import Finding, run_checks

MARKS = {"ok": "ok     ", "warning": "warning", "wrong": "WRONG  "}


def check(asked: argparse.Namespace) -> ExitCode:
    """One line per thing looked at; exit code 4 when the fleet would refuse to start."""
    findings = run_checks()
    wrong = any(finding.level == "wrong" for finding in findings)
    if asked.json:
        rows = [
            {"what": f.what, "level": f.level, "says": f.says, "remedy": f.remedy} for f in findings
        ]
        print_json({"ok": not wrong, "findings": rows})
    else:
        _print(findings)
    return ExitCode.REFUSED if wrong else ExitCode.DONE


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        print(f"{MARKS[finding.level]}  {finding.what}: {finding.says}")
        if finding.remedy:
            print(f"         {finding.remedy}")
