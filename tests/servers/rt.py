"""A real Request Tracker for the tests: Debian's package, a private instance on loopback.

Its clock's zone is not UTC, as most people's is not.
"""

import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.environment import Environment
from config.helpdesk import RequestTracker
from config.load import load
from tests.acceptance.patience import until
from tests.servers.ports import free_port
from worker.helpdesks.rt.setup import initialdata

SETUP = "rt-setup-database-5"
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
PASSWORD = "not-a-secret"
QUEUES = ("inbox", "cards", "payments", "transfers", "fraud", "accounts", "onboarding", "triage")
SETTLE_SECONDS = 0.2
DATABASE, TOKEN = "rt.db", "rt.token"
COST = 4
"""Of a password or a token, two to that power, each time somebody asks: at RT's own 12 a request
costs half a second of a processor, of which 30 ms are the request."""

SITE = """\
Set($rtname, 'example.org');
Set($Organization, 'example.org');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/rt.db');
Set($MailCommand, 'testfile');
Set($BcryptCost, {cost});
Set($LogToSyslog, undef);
Set($LogToSTDERR, 'error');
Set($Timezone, 'America/New_York');
Set($MasonDataDir, '{folder}/mason');
Set($MasonSessionDir, '{folder}/sessions');
1;
"""
PEOPLE = """\
@Users = (
  { Name => 'ada', Privileged => 1, Password => '%(password)s', EmailAddress => 'ada@example.org' },
);
@ACL = (
  (map { { GroupDomain => 'SystemInternal', GroupType => 'Everyone', Right => $_ } }
     qw(CreateTicket ReplyToTicket)),
  (map { { GroupDomain => 'SystemInternal', GroupType => 'Privileged', Right => $_ } }
     qw(SeeQueue ShowTicket ModifyTicket CommentOnTicket OwnTicket ReplyToTicket DeleteTicket
        ShowTicketComments SeeCustomField ModifyCustomField)),
);
1;
"""


class Rt:
    """One RT of our own, with `ada` for a person and the fleet's user with its token.

    Its processes are started with `variables` beside what they need. It begins with the database in
    `made`, where there is one, and else leaves its own there: to set one up takes a minute.
    """

    def __init__(
        self, folder: Path, variables: Mapping[str, str] | None = None, made: Path | None = None
    ) -> None:
        self._folder = folder
        self._variables = dict(variables or {})
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        (folder / "site.pm").write_text(SITE.format(port=self._port, folder=folder, cost=COST))
        for name in ("empty", "mason", "sessions"):
            (folder / name).mkdir()
        self.config = configured(self.url)
        if made and (made / TOKEN).exists():
            shutil.copy(made / DATABASE, folder)
            self.token = (made / TOKEN).read_text()
        else:
            self.token = self._make()
        if made and not (made / TOKEN).exists():
            shutil.copy(folder / DATABASE, made)
            (made / TOKEN).write_text(self.token)
        self._process = self._start()
        self.root = self.client("root")
        self.ada = self.client("ada")
        until(self.answers, 60)

    def _make(self) -> str:
        """A database with the fleet's user and with people; that user's token."""
        (self._folder / "password").write_text(PASSWORD)
        self._set_up("init", "--root-password-file", str(self._folder / "password"))
        said = self.insert(initialdata(self.config, QUEUES))
        self.insert(PEOPLE % {"password": PASSWORD})
        return said.partition("TRIAGE_HELPDESK_TOKEN=")[2].split()[0]

    def insert(self, initial: str) -> str:
        """Puts initialdata in; what the program printed."""
        path = self._folder / f"initial-{next(NUMBERS)}.pl"
        path.write_text(initial)
        return self._set_up("insert", "--datafile", str(path))

    def client(self, user: str) -> httpx.Client:
        """Somebody who asks RT by REST2."""
        return httpx.Client(base_url=f"{self.url}/REST/2.0", auth=(user, PASSWORD), timeout=30)

    def ask(self, method: str, path: str, *, body: object = None, **params: Any) -> Any:  # noqa: ANN401
        """What RT answers root."""
        found = self.root.request(method, path, json=body, params=params)
        assert found.is_success, found.text
        return found.json()

    def mail(self, message: bytes, queue: str = "inbox") -> str:
        """A mail comes in, as through RT's mail gateway; the number of the newest ticket."""
        found = httpx.post(
            f"{self.url}/REST/1.0/NoAuth/mail-gateway",
            data={"queue": queue, "action": "correspond"},
            files={"message": (None, message)},
            timeout=30,
        )
        assert found.text == "ok\n", found.text
        newest = self.ask("GET", "/tickets", query="id > 0", orderby="id", order="DESC", per_page=1)
        return str(newest["items"][0]["id"])

    def now(self) -> str:
        """RT's own clock, as it writes it."""
        date = parsedate_to_datetime(self.root.get("/rt").headers["date"])
        return date.strftime("%Y-%m-%dT%H:%M:%SZ")

    def tick(self) -> None:
        """Waits for its next second: what first polls then sees nothing of what was before."""
        began = self.now()
        until(lambda: self.now() > began)

    def changed(self, ticket: str) -> str:
        """When that ticket was changed last."""
        return str(self.ask("GET", f"/ticket/{ticket}")["LastUpdated"])

    def changes(self, ticket: str) -> list[str]:
        """What the fleet's user has set there, by name, oldest first."""
        names = {
            str(one["id"]): one["name"]
            for one in self.ask("GET", f"/ticket/{ticket}")["CustomFields"]
        }
        fields = "Type,Field,Creator"
        found = self.ask("GET", f"/ticket/{ticket}/history", fields=fields, per_page=100)["items"]
        return [
            names.get(one["Field"], one["Field"])
            for one in found
            if one["Type"] in {"Set", "CustomField"} and one["Creator"]["id"] == "triage-fleet"
        ]

    def unwrite(self, ticket: str, name: str) -> int:
        """Takes from the history that the fleet's user set that field, as an RT that dies does.

        It stores a value first, and the entry of it in a second step. How many entries there were.
        """
        number = {
            one["name"]: str(one["id"])
            for one in self.ask("GET", f"/ticket/{ticket}")["CustomFields"]
        }.get(name, name)
        with contextlib.closing(sqlite3.connect(self._folder / DATABASE, timeout=30)) as database:
            entries = database.execute(
                "DELETE FROM Transactions WHERE ObjectType = 'RT::Ticket' AND ObjectId = ?"
                " AND Field = ? AND Creator = (SELECT id FROM Users WHERE Name = 'triage-fleet')",
                (ticket, number),
            ).rowcount
            database.commit()
            return entries

    def start(self) -> None:
        """Starts it again."""
        self._process = self._start()
        until(self.answers, 60)

    def answers(self) -> bool:
        """Whether it is up."""
        assert self._process.poll() is None, (self._folder / "rt.log").read_text()
        try:
            return self.root.get("/rt").is_success
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """Ends it and its workers, by their group."""
        os.killpg(self._process.pid, 9)
        self._process.wait(30)

    def stop(self) -> None:
        """Nobody will want its data."""
        self.kill()
        self.root.close()
        self.ada.close()

    def _set_up(self, action: str, *words: str) -> str:
        done = subprocess.run(
            [SETUP, "--action", action, "--dba", "", "--dba-password", "", *words],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _start(self) -> "subprocess.Popen[bytes]":
        words = ["--host", "127.0.0.1", "--port", str(self._port), "--server", "Starlet"]
        with (self._folder / "rt.log").open("ab") as log:
            return subprocess.Popen(
                [SERVER, *words, "--max-workers", "2"],
                env=self._environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _environment(self) -> Mapping[str, str]:
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self._folder),
            "RT_SITE_CONFIG": str(self._folder / "site.pm"),
            "RT_SITE_CONFIG_DIR": str(self._folder / "empty"),
            **self._variables,
        }


NUMBERS = count(1)


def installed() -> bool:
    """Whether there is a Request Tracker 5 on this machine."""
    return shutil.which(SETUP) is not None and SERVER.exists()


def configured(url: str) -> RequestTracker:
    """The shipped configuration, for the RT that lies there."""
    shipped = load(Environment.read({})).helpdesk.rt
    return shipped.model_copy(update={"url": url, "settle_seconds": SETTLE_SECONDS})


@pytest.fixture(scope="session")
def rt(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Rt]:
    """The session's Request Tracker; of all xdist's workers one makes its database."""
    if not installed():
        pytest.skip("no Request Tracker 5 here: apt install request-tracker5 rt5-standalone")
    with tempfile.TemporaryDirectory(prefix="triage-rt-", dir="/tmp") as folder:
        ours = tmp_path_factory.getbasetemp()
        shared = ours if worker_id == "master" else ours.parent
        with (shared / "rt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            server = Rt(Path(folder), made=shared)
        yield server
        server.stop()
