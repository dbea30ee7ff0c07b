"""Brings what is to be told to every channel: in order, and again until it was taken."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from tasks.ports.clock import Clock
from worker.alerts.channel import Channel, Message, Undelivered, packed, unpacked
from worker.ledgers.alerting import Telling
from worker.ledgers.sql import SqlLedger
from worker.telemetry.log import Log

FIRST_SECONDS = 5.0
MOST_SECONDS = 300.0
"""How long a channel that took nothing is left alone: at first, and at most."""

KEPT_SECONDS = 7 * 86_400.0
"""After which nobody wants to hear of it any more; so long a channel may be away."""

AT_ONCE = 20
"""Messages to one channel before the fleet is looked at again."""


LOG = "log"
"""The channel that always is there."""

NOBODYS: Mapping[str, Sequence[Channel]] = MappingProxyType({})


class Post:
    """The channels of this fleet, and what they have still to tell. Not for an event loop."""

    def __init__(
        self,
        channels: Sequence[Channel],
        ledger: SqlLedger,
        clock: Clock,
        *,
        runbook: str,
        log: Log,
        owned: Mapping[str, Sequence[Channel]] = NOBODYS,
    ) -> None:
        """`owned`: by the name of an owner, the channels that are theirs alone."""
        self.channels = tuple(channels)
        self._owned = {owner: tuple(theirs) for owner, theirs in owned.items()}
        self._ledger = ledger
        self._clock = clock
        self._runbook = runbook
        self._log = log

    def addressed(self, message: Message, owner: str | None = None) -> dict[str, str]:
        """Channel -> what it is to tell, for those that want to hear of it.

        What has an owner goes to them, and to the log.
        """
        kind = message.alert.kind
        theirs = self._owned.get(owner or "")
        every = [one for one in self.channels if theirs is None or one.name == LOG]
        return {
            channel.name: packed(message)
            for channel in (*every, *(theirs or ()))
            if not channel.kinds or kind in channel.kinds
        }

    def deliver(self, may: Callable[[], bool]) -> None:
        """Tells what is due, asking `may` before each. Raises LedgerDown.

        A channel that is away holds up nothing but itself. Killed between the telling and our
        note of it, the next one tells it once more.
        """
        if lost := self._ledger.give_up(self._clock.now() - KEPT_SECONDS):
            self._log.error("alert.given_up", count=lost)
        owned = (channel for theirs in self._owned.values() for channel in theirs)
        for channel in (*self.channels, *owned):
            for _ in range(AT_ONCE):
                telling = self._ledger.untold(channel.name)
                if telling is None or telling.due_at > self._clock.now() or not may():
                    break
                if not self._tell(channel, telling):
                    break

    def _tell(self, channel: Channel, telling: Telling) -> bool:
        """Whether the channel goes on."""
        try:
            channel.tell(unpacked(telling.id, telling.body, self._runbook))
        except Undelivered as error:
            self._put_off(telling, str(error))
            return False
        except ValueError:
            self._log.error("alert.unreadable", channel=channel.name, id=telling.id)
        except Exception as error:  # noqa: BLE001 - one channel's bug must not silence the others
            self._put_off(telling, type(error).__name__)
            return False
        self._ledger.told(telling)
        return True

    def _put_off(self, telling: Telling, why: str) -> None:
        wait = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(telling.tries, 10))
        self._ledger.put_off(telling, self._clock.now() + wait)
        self._log.warning(
            "alert.undelivered",
            channel=telling.channel,
            id=telling.id,
            tries=telling.tries + 1,
            why=why,
            again_in=wait,
        )
