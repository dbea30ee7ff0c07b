"""Says what happens to the fleet's children, and when to give one up."""

import sys
from collections import Counter
from pathlib import Path

from worker.cli.exit_codes import ExitCode
from worker.processes.supervisor import Notice
from worker.refusals import RefusedToStart

LINES = 5  # of a log, to say why


class Watch:
    """Gives up on a child that was refused a start, or that has died `most_deaths` times."""

    def __init__(self, *, most_deaths: int | None = None, talks: bool = False) -> None:
        """`talks`: it says everything, and not only what dies."""
        self.given_up = False
        self._most = most_deaths
        self._talks = talks
        self._child = ""
        self._deaths = Counter[str]()

    def __call__(self, notice: Notice) -> None:
        """Something happened to a child."""
        if self._talks or notice.kind == "died":
            print(_told(notice), file=sys.stderr, flush=True)
        if notice.kind != "died":
            return
        self._deaths[notice.child] += 1
        if notice.code == ExitCode.REFUSED or self._deaths[notice.child] == self._most:
            self.given_up, self._child = True, notice.child

    def check(self, logs: Path) -> None:
        """Raises RefusedToStart with the end of the log of the child that was given up."""
        if self.given_up:
            log = logs / f"{self._child}.log"
            end = "\n".join(log.read_text(errors="replace").splitlines()[-LINES:])
            raise RefusedToStart(
                f"{self._child} does not start; its log ends with\n{end}",
                remedy=f"All of it is in {log}; `triage check` may know more.",
            )


def _told(notice: Notice) -> str:
    text = f"{notice.child} {notice.kind}"
    if notice.pid:
        text += f" (pid {notice.pid})"
    if notice.again_in is not None:
        text += f", exit code {notice.code}; again in {notice.again_in:.0f} s, see its log"
    return text
