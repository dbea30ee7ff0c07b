"""Alerts as lines of the log: always on, for the log is always there."""

from config.alerts import AlertKind
from worker.alerts.channel import Message, State
from worker.telemetry.log import Log


class LogChannel:
    """Implements Channel: one line each, a warning but for what is over."""

    name = "log"
    kinds: tuple[AlertKind, ...] = ()

    def __init__(self, log: Log) -> None:
        self._log = log

    def tell(self, message: Message) -> None:
        """Never raises."""
        said = message.document()
        alert = message.alert.as_json(message.runbook)
        fields = {"id": said["id"], "state": said["state"], "at_moment": said["at"], **alert}
        if message.state is State.RESOLVED:
            self._log.info("alert.resolved", **fields)
        elif message.state is State.TOLD:
            self._log.info("people.called", **fields)
        else:
            self._log.warning("alert.raised", **fields)
