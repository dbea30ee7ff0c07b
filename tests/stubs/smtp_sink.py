"""A mail server on loopback that keeps what it is sent: RFC 5321, as much of it as one mail needs.

With STARTTLS or TLS from the first byte by a certificate of its own, and AUTH PLAIN.
"""

import base64
import datetime as dt
import ipaddress
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "fleet", "correct horse"
DRIP_SECONDS = 0.2


@dataclass(slots=True)
class SmtpSink:
    """What arrived. `refuses` is answered to MAIL; it may say nothing at all, or too much."""

    port: int = 0
    tls: ssl.SSLContext | None = None  # for those who are to trust it
    wants_login: bool = False
    refuses: str = ""
    hangs: bool = False
    drips: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    receivers: list[list[str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: int = 0
    asked: int = 0
    closing: threading.Event = field(default_factory=threading.Event)


class _Conversation(socketserver.StreamRequestHandler):
    """One client."""

    server: "_Server"  # type: ignore[mutable-override]  # there is no other kind here

    def handle(self) -> None:
        with suppress(OSError):
            self._handle()
        if isinstance(self.connection, ssl.SSLSocket):
            self.connection.close()  # the server knows of the one that it was made of

    def _handle(self) -> None:
        sink = self.server.sink
        sink.asked += 1
        if self.server.implicit:
            self._encrypt()
        self._is_known = False
        self._to: list[str] = []
        if sink.hangs:
            sink.closing.wait(30)
            return
        while sink.drips and not sink.closing.is_set():
            self._say("220-patience")
            time.sleep(DRIP_SECONDS)
        self._say("220 sink")
        while (line := self.rfile.readline()) and self._answer(line.decode().strip()):
            pass

    def _answer(self, line: str) -> bool:
        """Whether the conversation goes on."""
        word, sink = line.partition(" ")[0].upper(), self.server.sink
        if word == "EHLO":
            self._greet()
        elif word == "STARTTLS":
            self._say("220 go ahead")
            self._encrypt()
        elif word == "AUTH":
            self._log_in(line)
        elif word == "MAIL" and (sink.refuses or (sink.wants_login and not self._is_known)):
            self._say(sink.refuses or "530 who are you?")
        elif word == "DATA":
            self._take()
        else:
            if word == "RCPT":
                self._to.append(line.partition("<")[2].rstrip(">"))
            self._say("250 ok" if word != "QUIT" else "221 bye")
        return word != "QUIT"

    def _greet(self) -> None:
        offers = ["AUTH PLAIN"] if self.server.sink.wants_login else []
        if self.server.context and not isinstance(self.connection, ssl.SSLSocket):
            offers.append("STARTTLS")
        for offer in ["sink", *offers]:
            self._say(f"250-{offer}")
        self._say("250 8BITMIME")

    def _log_in(self, line: str) -> None:
        given = base64.b64decode(line.split()[2]).decode()
        self._is_known = given == f"\0{USER}\0{PASSWORD}"
        self.server.sink.logins += 1
        self._say("235 welcome" if self._is_known else f"535 not you, {given}")

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) and line != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        sink = self.server.sink
        mail = message_from_bytes(b"".join(lines), policy=default)
        sink.receivers.append(self._to)
        sink.encrypted.append(isinstance(self.connection, ssl.SSLSocket))
        sink.mails.append(mail)
        self._say("250 kept")

    def _encrypt(self) -> None:
        assert self.server.context
        self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, sink: SmtpSink, context: ssl.SSLContext | None, *, implicit: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.sink, self.context, self.implicit = sink, context, implicit

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        with suppress(OSError):
            super().shutdown_request(request)


@contextmanager
def smtp_sink(folder: Path, security: str = "none") -> Iterator[SmtpSink]:
    """It listens until the end; `folder` gets its key where `security` wants one."""
    sink = SmtpSink()
    context = None
    if security != "none":
        context, sink.tls = _certified(folder)
    server = _Server(sink, context, implicit=security == "ssl")
    sink.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield sink
    finally:
        sink.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _certified(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """For the server with a certificate for 127.0.0.1, and for a client that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    now = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now.replace(year=2100))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "sink.pem"
    path.write_bytes(key.private_bytes(pem, *private) + certificate.public_bytes(pem))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    client = ssl.create_default_context(cadata=certificate.public_bytes(pem).decode())
    return server, client
