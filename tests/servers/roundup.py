"""A real Roundup tracker for the tests: from its package, a private one on loopback."""

import json
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.environment import Environment
from config.helpdesk import Roundup
from config.load import load
from tests.acceptance.patience import until
from tests.servers.ports import free_port
from worker.helpdesks.roundup.setup import ROLE, schema

PASSWORD = "not-a-secret"
TOKEN = f"triage-fleet:{PASSWORD}"
QUEUES = ("inbox", "cards", "payments", "transfers", "fraud", "accounts", "onboarding", "triage")
SETTLE_SECONDS = 0.2
SERVER = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from roundup.cgi.wsgi_handler import RequestDispatcher

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

class Handler(WSGIRequestHandler):
    def log_message(self, *_):
        pass

make_server("127.0.0.1", int(sys.argv[2]), RequestDispatcher(sys.argv[1]), server_class=Server,
            handler_class=Handler).serve_forever()
"""

PEOPLE = """
import sys
from roundup.instance import open as opened
from roundup.password import Password

home, role, secret, *queues = sys.argv[1:]
db = opened(home).open("admin")
for name, roles, address, zone in (
    ("triage-fleet", role, "triage@example.org", "UTC"),
    ("ada", "User,Admin", "ada@example.org", "America/New_York"),
    ("bob", "User", "bob@example.com", "America/New_York"),
):
    db.user.create(username=name, roles=roles, address=address, timezone=zone,
                   password=Password(secret, config=db.config))
for queue in queues:
    db.queue.create(name=queue)
db.commit()
"""

HISTORY = """
import json, sys
from roundup.instance import open as opened

db = opened(sys.argv[1]).open("admin")
found = {
    issue: [(db.user.get(user, "username"), before)
            for _, _, user, action, before in db.issue.history(issue) if action == "set"]
    for issue in sys.argv[2:]
}
print(json.dumps(found, default=str))
"""


CHEAP = "password_pbkdf2_default_rounds = 250000", "password_pbkdf2_default_rounds = 1000"
"""A password is checked with each request, which costs a quarter of a second otherwise."""

MOVED = 412
TRIES = 5


class Tracker:
    """One tracker of our own: `ada` is a person, `bob` a customer, and the fleet's user."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.home = folder / "home"
        self.url = f"http://127.0.0.1:{self._port}"
        self.config = configured(self.url)
        self._make()
        self._process = self._start()
        self.ada, self.bob = self.client("ada"), self.client("bob")
        until(self.answers, 60)

    def _make(self) -> None:
        self._admin("install", "classic", "sqlite")
        ini = self.home / "config.ini"
        said = ini.read_text()
        given = {"web": f"{self.url}/", "domain": "example.org", "host": "localhost"}
        for name, value in given.items():
            said = said.replace(f"#{name} = NO DEFAULT", f"{name} = {value}", 1)
        said = said.replace(*CHEAP)
        said = said.replace("debug = \n", f"debug = {self._folder / 'mail'}\n")  # nobody reads it
        ini.write_text(said.replace("timezone = UTC", "timezone = America/New_York"))
        with (self.home / "schema.py").open("a") as file:
            file.write(schema(self.config))
        self._admin("initialise", PASSWORD)
        self._run("-c", PEOPLE, str(self.home), ROLE, PASSWORD, *QUEUES)

    def client(self, user: str) -> httpx.Client:
        """Somebody who asks by REST."""
        return httpx.Client(
            base_url=f"{self.url}/rest/data",
            headers={
                "Authorization": f"Basic {b64encode(f'{user}:{PASSWORD}'.encode()).decode()}",
                "X-Requested-With": "rest",
                "Origin": self.url,
                "Referer": f"{self.url}/",
            },
            timeout=30,
        )

    def ask(self, method: str, path: str, *, body: object = None, **params: Any) -> Any:  # noqa: ANN401
        """What it answers Ada."""
        found = self.ada.request(method, path, json=body, params=params)
        assert found.is_success, found.text
        return found.json()["data"]

    def opened(self, title: str, text: str) -> str:
        """Bob writes: the number of his issue."""
        values = {"title": title, "messages": self._message(self.bob, text), "queue": "inbox"}
        found = self.bob.post("/issue", json=values)
        assert found.is_success, found.text
        return str(found.json()["data"]["id"])

    def written(self, issue: str, text: str, who: httpx.Client) -> None:
        """Somebody writes on it."""
        self.changed(issue, {"messages": self._message(who, text), "@op": "add"}, who=who)

    def _message(self, who: httpx.Client, text: str) -> str:
        author = "bob" if who is self.bob else "ada"
        found = who.post("/msg", json={"content": text, "author": author, "date": "."})
        assert found.is_success, found.text
        return str(found.json()["data"]["id"])

    def changed(self, issue: str, values: dict[str, str], who: httpx.Client | None = None) -> None:
        """Somebody changes it, and does so again where another one was quicker."""
        who = who or self.ada
        for _ in range(TRIES):
            etag = who.get(f"/issue/{issue}").headers["etag"]
            found = who.patch(f"/issue/{issue}", json=values, headers={"If-Match": etag})
            if found.is_success:
                return
            assert found.status_code == MOVED, found.text
        pytest.fail(f"{issue} changes all the time")

    def now(self) -> str:
        """The tracker's own clock, as it writes it."""
        date = parsedate_to_datetime(self.ada.get("/status").headers["date"])
        return date.strftime("%Y-%m-%d.%H:%M:%S")

    def tick(self) -> None:
        """Waits for its next second: what first polls then sees nothing of what was before."""
        began = self.now()
        until(lambda: self.now() > began)

    def moved(self, issue: str) -> str:
        """When that issue was changed last."""
        found = self.ask("GET", f"/issue/{issue}", **{"@fields": "activity"})
        return str(found["attributes"]["activity"])

    def history(self, issue: str) -> list[tuple[str, dict[str, Any]]]:
        """Who changed what, oldest first: the name, and what each property had been before."""
        return self.histories([issue])[issue]

    def histories(self, issues: Iterable[str]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
        """The history of each, which takes no longer than that of one."""
        found = json.loads(self._run("-c", HISTORY, str(self.home), *issues))
        return {
            issue: [(author, before) for author, before in steps] for issue, steps in found.items()
        }

    def answers(self) -> bool:
        """Whether it is up."""
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            return self.ada.get("/status").is_success
        except httpx.HTTPError:
            return False

    def start(self) -> None:
        """Starts it again."""
        self._process = self._start()
        until(self.answers, 60)

    def kill(self) -> None:
        """Ends it."""
        self._process.kill()
        self._process.wait(30)

    def stop(self) -> None:
        """Nobody will want its data."""
        self.kill()
        self.ada.close()
        self.bob.close()

    def _admin(self, *words: str) -> None:
        self._run("-m", "roundup.scripts.roundup_admin", "-i", str(self.home), *words)

    def _run(self, *words: str) -> str:
        command = [sys.executable, *words]
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, cwd=self._folder
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _start(self) -> "subprocess.Popen[bytes]":
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", SERVER, self.home, str(self._port)],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def configured(url: str) -> Roundup:
    """The shipped configuration, for the tracker that lies there."""
    shipped = load(Environment.read({})).helpdesk.roundup
    return shipped.model_copy(update={"url": url, "settle_seconds": SETTLE_SECONDS})


@pytest.fixture(scope="session")
def roundup() -> Iterator[Tracker]:
    """The session's tracker."""
    with tempfile.TemporaryDirectory(prefix="triage-roundup-", dir="/tmp") as folder:
        server = Tracker(Path(folder))
        yield server
        server.stop()
