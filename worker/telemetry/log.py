"""Structured logs: a fixed event name and fields, one JSON object a line; never ticket text."""

import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType

from worker.telemetry.redacted import redacted


class Log:
    """Writes events. Field values are ids, listed values and numbers."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, event: str, **fields: object) -> None:
        """For whoever debugs."""
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """What happened."""
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """What somebody may want to know."""
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, **fields: object) -> None:
        """What somebody must look at."""
        self._write(logging.ERROR, event, fields)

    def _write(self, level: int, event: str, fields: dict[str, object]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, event, extra={"fields": fields})


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, event, and the event's fields.

    Libraries log as well, and what they say is not ours to word: so every line is redacted.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            # The type alone: an exception's text may quote a ticket.
            line["error"] = record.exc_info[0].__name__
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        return json.dumps({"at": at, **redacted(line)})


def set_up(level: str) -> None:
    """Sends every log line of this process to standard error as JSON.

    A traceback that nobody has caught is no log line, and is redacted all the same.
    """
    sys.excepthook = _uncaught
    threading.excepthook = lambda died: _uncaught(died.exc_type, died.exc_value, died.exc_traceback)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("httpx", "LiteLLM", "openai", "aiohttp.access", "kombu", "amqp"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def _uncaught(
    kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
) -> None:
    """Says where it happened, and what as far as it may be said."""
    if kind is not SystemExit:
        sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))
