"""What one worker of the fleet does for all: whoever has the role, until that life is over."""

from worker.upkeep.incarnation import Heart


class Role:
    """A role in the ledger, for this process. Every worker asks for it, so that it has an heir."""

    def __init__(self, name: str, heart: Heart) -> None:
        self._name = name
        self._heart = heart
        self._ledger = heart.ledger

    def is_held(self) -> bool:
        """Whether it is ours; it is taken where nobody who lives has it. Raises LedgerDown."""
        me = self._heart.incarnation
        held = self._ledger.holder(self._name)
        if held is None:
            return self._ledger.take_role(self._name, me, 0)
        holder, fence = held
        if holder == me:
            return True
        alive = {worker.incarnation for worker in self._ledger.workers()}
        return holder not in alive and self._ledger.take_role(self._name, me, fence)
