"""A process that minds children: `python -m tests.acceptance.parent LOGS GRACE CHILDREN`.

CHILDREN is a JSON list of `{name, command, ready, foundation}`, where `ready` names a file that the
child makes when it is, or is null. Prints each notice as a line of JSON.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from worker.clock import SystemClock
from worker.processes.child import Child
from worker.processes.signals import Signals
from worker.processes.supervisor import Notice, Supervisor


def _child(told: dict[str, object]) -> Child:
    match told:
        case {"name": str(name), "command": [*command], "ready": ready, "foundation": foundation}:
            return Child(
                name=name,
                command=tuple(map(str, command)),
                environment=os.environ,
                ready=lambda: ready is None or Path(str(ready)).exists(),
                foundation=bool(foundation),
            )
        case _:
            raise ValueError(told)


def _say(notice: Notice) -> None:
    print(json.dumps(asdict(notice)), flush=True)  # noqa: T201 - its own parent reads it


def main(logs: str, grace: str, children: str) -> None:
    """Minds them until it is asked to end."""
    with Signals() as signals:
        supervisor = Supervisor(
            [_child(told) for told in json.loads(children)],
            logs=Path(logs),
            clock=SystemClock(),
            signals=signals,
            report=_say,
        )
        supervisor.run()
        supervisor.stop(float(grace))


if __name__ == "__main__":
    main(*sys.argv[1:])
