"""What a command's exit code means; docs/interface.md promises these to scripts."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The codes."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NEEDS_YOU = 3  # the books differ, or tickets are overdue
    REFUSED = 4  # it did not start
