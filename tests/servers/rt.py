"""A real Request Tracker for the tests: Debian's package, a private instance on loopback.

Its clock's zone is not UTC, as most people's is not.
"""

import contextlib
import fcntl
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.patience import until
from tests.servers.rt_site import DATA, PASSWORD, SERVER, TOKEN, RtSite, installed


class Rt(RtSite):
    """That, and somebody who serves it."""

    def __init__(
        self, folder: Path, variables: Mapping[str, str] | None = None, *, made: Path | None = None
    ) -> None:
        super().__init__(folder, variables, made=made)
        self._process = self._start()
        self.root = self.client("root")
        self.ada = self.client("ada")
        until(self.answers, 60)

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
        with contextlib.closing(sqlite3.connect(self._folder / DATA, timeout=30)) as database:
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

    def _start(self) -> "subprocess.Popen[bytes]":
        words = ["--host", "127.0.0.1", "--port", str(self.port), "--server", "Starlet"]
        with (self._folder / "rt.log").open("ab") as log:
            return subprocess.Popen(
                [SERVER, *words, "--max-workers", "2"],
                env=self.environment(),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@pytest.fixture(scope="session")
def rt_data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an RT of ours begins with: made once for all processes that test."""
    if not installed():
        pytest.skip("no Request Tracker 5 here: apt install request-tracker5 rt5-standalone")
    ours = tmp_path_factory.getbasetemp()
    folder = (ours.parent if hasattr(request.config, "workerinput") else ours) / "rt-data"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not (folder / TOKEN).exists():
            with _folder() as making:
                RtSite(making).keep(folder)
    return folder


@pytest.fixture(scope="session")
def rt(rt_data: Path) -> Iterator[Rt]:
    """The session's Request Tracker."""
    with _folder() as folder:
        server = Rt(folder, made=rt_data)
        yield server
        server.stop()


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """With a short name, for the sockets in it."""
    with tempfile.TemporaryDirectory(prefix="triage-rt-", dir="/tmp") as folder:
        yield Path(folder)
