"""Alerts as mail."""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from threading import Timer

from config.alerts import AlertKind
from config.alerts import Smtp as Server
from worker.alerts.channel import Message, State, Undelivered


class SmtpChannel:
    """Implements Channel: one mail each, to all receivers; taken where the server took it.

    `login`: user and password; None where the server wants none. `tls`: whom to trust; the
    machine's own authorities unless others are given.
    """

    def __init__(
        self,
        server: Server,
        login: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
        name: str = "smtp",
    ) -> None:
        self.name = name
        self._server = server
        self._login = login
        self._tls = tls
        self.kinds: tuple[AlertKind, ...] = server.kinds

    def tell(self, message: Message) -> None:
        """Raises Undelivered."""
        try:
            with self._connected() as server:
                if self._login:
                    server.login(*self._login)
                server.send_message(self._mail(message))
                with suppress(smtplib.SMTPException, OSError):  # it has taken the mail
                    server.quit()
        except smtplib.SMTPResponseException as error:  # its text may quote what we have said
            raise Undelivered(f"it answered {error.smtp_code}") from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = sorted({code for code, _ in error.recipients.values()})
            raise Undelivered(f"it answered {codes} to all who were to get it") from None
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise Undelivered(f"no answer ({type(error).__name__})") from None

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        said, tls = self._server, self._tls or ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(timeout=said.timeout_seconds, context=tls)
            if said.security == "ssl"
            else smtplib.SMTP(timeout=said.timeout_seconds)
        )
        # Whom a certificate is to name. Its constructor takes it, but would connect as well.
        server._host = said.host  # type: ignore[attr-defined]  # noqa: SLF001
        # Its timeout is for each read, and a server may say a little now and then.
        timer = Timer(said.timeout_seconds, _hang_up, (server,))
        timer.daemon = True
        timer.start()
        try:
            server.connect(said.host, said.port)
            if said.security == "starttls":
                server.starttls(context=tls)
            yield server
        finally:
            timer.cancel()
            server.close()

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = self._server.sender
        mail["To"] = ", ".join(self._server.to)
        mail["Subject"] = f"[triage-fleet] {message.headline}"[:LONGEST]
        mail["Date"] = format_datetime(datetime.fromtimestamp(message.at, UTC))
        mail["Message-ID"] = f"<{message.id}@triage-fleet>"
        mail["Auto-Submitted"] = "auto-generated"
        if message.state is not State.RAISED:
            mail["X-Triage-State"] = str(message.state)
        said = message.document()["alert"]
        lines = said.items() if isinstance(said, dict) else ()
        told = "\n".join(f"{name}: {value}" for name, value in lines)
        mail.set_content(
            f"{message.headline}\n\nid: {message.id}\nstate: {message.state}\n{told}\n"
        )
        return mail


LONGEST = 200
"""Characters of a subject."""


def _hang_up(server: smtplib.SMTP) -> None:
    with suppress(OSError, AttributeError):
        server.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]  # None: AttributeError
