"""Places that a ticket passes, by name, so that a test can stop the world at each of them.

Nothing happens here in production: `passing` calls a listener, and the only one that is ever put in
its place is a test's. No setting and no variable reaches it.
"""

from collections.abc import Callable
from enum import StrEnum


class Waypoint(StrEnum):
    """Where a crash leaves something half done, or nearly."""

    CLAIMED = "claimed"  # the run is ours, nothing was begun
    ASKED = "asked"  # the model has answered, and nothing is recorded of it
    INTENDED = "intended"  # the intent is durable, nothing was sent
    FIELDS_SENT = "fields_sent"  # the fields are set, and nothing is recorded of it
    NOTE_SENT = "note_sent"  # a note is posted, and nothing is recorded of it
    COMMITTING = "committing"  # a group is about to be committed
    COMMITTED = "committed"  # a group is durable, and nobody was told
    PUSHING = "pushing"  # a sending is durable, and the broker knows nothing of it
    PUSHED = "pushed"  # the broker has the message
    TAKING_IN = "taking_in"  # a page is about to be committed
    TAKEN_IN = "taken_in"  # a page is durable, and the broker knows nothing of it
    BURYING = "burying"  # a life that lapsed is about to be declared over


def _nobody_listens(_waypoint: Waypoint) -> None:
    """Nothing."""


_listener: Callable[[Waypoint], None] = _nobody_listens


def passing(waypoint: Waypoint) -> None:
    """Called by whoever comes by."""
    _listener(waypoint)


def listen(listener: Callable[[Waypoint], None] | None) -> None:
    """For tests: has this called at every waypoint of the process; None: nobody again."""
    global _listener  # noqa: PLW0603 - one for the process, as a crash is
    _listener = listener or _nobody_listens
