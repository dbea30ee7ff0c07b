"""What a command's exit code means; docs/interface.md promises these to scripts."""

from enum import IntEnum

from worker.refusals import EXIT_CODE


class ExitCode(IntEnum):
    """The codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NEEDS_YOU = 3  # the books differ, or tickets are overdue
    REFUSED = EXIT_CODE  # it did not start
