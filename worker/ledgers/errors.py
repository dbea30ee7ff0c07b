"""What a ledger's fence says."""


class RunLost(Exception):
    """Somebody else has moved this run; what was to be recorded was refused."""
