"""The write fence: what a field holds after a write."""

from tasks.ports.helpdesk import FieldWrite


def settle(held: str | None, wanted: FieldWrite, *, done: bool) -> str | None:
    """What the field is to hold.

    `done`: this very write has set the field once already. Whatever else it holds by now, a
    person has put there, and be it the value from before: that stays.
    """
    if done or held != wanted.before:
        return held
    return wanted.value
