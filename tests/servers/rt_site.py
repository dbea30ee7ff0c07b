"""The data of a Request Tracker of our own, as Debian's package makes it."""

import shutil
import subprocess
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from config.environment import Environment
from config.helpdesk import RequestTracker
from config.load import load
from tests.servers.ports import free_port
from worker.helpdesks.rt.setup import initialdata

SETUP = "rt-setup-database-5"
SERVER = Path("/usr/share/request-tracker5/libexec/rt-server")
PASSWORD = "not-a-secret"
QUEUES = ("inbox", "cards", "payments", "transfers", "fraud", "accounts", "onboarding", "triage")
SETTLE_SECONDS = 0.2
DATA, TOKEN = "rt.db", "token"
SITE = """\
Set($rtname, 'example.org');
Set($Organization, 'example.org');
Set($WebDomain, '127.0.0.1');
Set($WebPort, {port});
Set($WebBaseURL, 'http://127.0.0.1:{port}');
Set($DatabaseType, 'SQLite');
Set($DatabaseName, '{folder}/{data}');
Set($MailCommand, 'testfile');
Set($BcryptCost, 10);
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


class RtSite:
    """A folder with what an RT is configured by, and its data: nobody serves it yet.

    With `ada` for a person and the fleet's user with its token. RT's own programs are started with
    `variables` beside what they need.
    """

    def __init__(
        self, folder: Path, variables: Mapping[str, str] | None = None, *, made: Path | None = None
    ) -> None:
        """`made`: where `keep` has put such data; setting it up takes half a minute."""
        self._folder = folder
        self._variables = dict(variables or {})
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "site.pm").write_text(SITE.format(port=self.port, folder=folder, data=DATA))
        for name in ("empty", "mason", "sessions"):
            (folder / name).mkdir()
        self.config = configured(self.url)
        if made:
            shutil.copy(made / DATA, folder / DATA)
            self.token = (made / TOKEN).read_text()
        else:
            self.token = self._begin()

    def keep(self, folder: Path) -> None:
        """Its data, for others to begin with."""
        shutil.copy(self._folder / DATA, folder / DATA)
        (folder / TOKEN).write_text(self.token)

    def insert(self, initial: str) -> str:
        """Puts initialdata in; what the program printed."""
        path = self._folder / f"initial-{next(NUMBERS)}.pl"
        path.write_text(initial)
        return self._set_up("insert", "--datafile", str(path))

    def _begin(self) -> str:
        """The token."""
        (self._folder / "password").write_text(PASSWORD)
        self._set_up("init", "--root-password-file", str(self._folder / "password"))
        said = self.insert(initialdata(self.config, QUEUES))
        self.insert(PEOPLE % {"password": PASSWORD})
        return said.partition("TRIAGE_HELPDESK_TOKEN=")[2].split()[0]

    def _set_up(self, action: str, *words: str) -> str:
        done = subprocess.run(
            [SETUP, "--action", action, "--dba", "", "--dba-password", "", *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def environment(self) -> Mapping[str, str]:
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
