"""`triage connect KIND`: whether a helpdesk is ready for the fleet, and what makes it ready."""

import argparse

from config.environment import Environment
from worker.cli.check import tell
from worker.cli.exit_codes import ExitCode
from worker.cli.output import print_json
from worker.operating import connecting


def connect(asked: argparse.Namespace) -> ExitCode:
    """One line per thing looked at; exit code 4 when the fleet could not work there."""
    environment = Environment.read()
    if not asked.setup:
        return tell(connecting.inspect(asked.kind, environment), as_json=asked.json)
    document = connecting.setup(asked.kind, environment)
    if asked.json:
        print_json({"kind": asked.kind, "setup": document})
    else:
        print(document, end="")
    return ExitCode.DONE
