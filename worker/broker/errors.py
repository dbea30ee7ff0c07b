"""What can be wrong with the broker."""

from tasks.errors import TriageError


class BrokerDown(TriageError):
    """The broker does not answer, or refuses; a push may have been done in part."""
