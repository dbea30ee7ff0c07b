"""A helpdesk of our own for a long run, whichever it is."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, Protocol
from uuid import uuid4

import httpx

from tasks.ticket import ExternalId
from tests.contracts.stages import Change, Page, RoundupStage, RtStage
from tests.servers.roundup import TOKEN, Tracker
from tests.servers.rt import Rt

Kind = Literal["rt", "roundup"]


class Site(Protocol):
    """What a long run needs of it."""

    kind: Kind
    url: str
    token: str

    def stage(self) -> RtStage | RoundupStage:
        """A new ticket, and what a person does to it."""
        ...

    def deliver(self, subject: str, text: str) -> str:
        """A customer writes; the ticket's number."""
        ...

    def pages(self, tickets: Sequence[str]) -> Mapping[str, Page]:
        """Each ticket as its own history has it."""
        ...

    def note_naively(self, url: str, ticket: str, text: str) -> httpx.Response:
        """One request to that address, and no more thought than that."""
        ...

    def kill(self) -> None:
        """As kill -9 does."""

    def start(self) -> None:
        """Again."""

    def stop(self) -> None:
        """For good."""


class RtSite:
    """Request Tracker."""

    kind: Kind = "rt"

    def __init__(self, folder: Path) -> None:
        self._rt = Rt(folder)
        self.url, self.token = self._rt.url, self._rt.token
        self.kill, self.start, self.stop = self._rt.kill, self._rt.start, self._rt.stop

    def stage(self) -> RtStage:
        return RtStage(self._rt)

    def deliver(self, subject: str, text: str) -> str:
        message = EmailMessage()
        message["From"], message["To"] = "basic@example.com", "help@example.org"
        message["Subject"] = subject
        message.set_content(text)
        return self._rt.mail(message.as_bytes())

    def pages(self, tickets: Sequence[str]) -> Mapping[str, Page]:
        return {ticket: self._page(ticket) for ticket in tickets}

    def _page(self, ticket: str) -> Page:
        stage = RtStage(self._rt, ExternalId(ticket))
        try:
            return stage.page()
        finally:
            stage.helpdesk.close()

    def note_naively(self, url: str, ticket: str, text: str) -> httpx.Response:
        return httpx.post(
            f"{url}/REST/2.0/ticket/{ticket}/comment",
            json={"Content": text, "ContentType": "text/plain"},
            headers={"Authorization": f"token {self.token}"},
            timeout=10,
        )


class RoundupSite:
    """Roundup."""

    kind: Kind = "roundup"
    token = TOKEN

    def __init__(self, folder: Path) -> None:
        self._tracker = Tracker(folder)
        self.url = self._tracker.url
        self.kill, self.stop = self._tracker.kill, self._tracker.stop

    def start(self) -> None:
        self._tracker.start()

    def stage(self) -> RoundupStage:
        return RoundupStage(self._tracker)

    def deliver(self, subject: str, text: str) -> str:
        return self._tracker.opened(subject, text)

    def pages(self, tickets: Sequence[str]) -> Mapping[str, Page]:
        histories = self._tracker.histories(tickets)
        return {ticket: self._page(ticket, histories[ticket]) for ticket in tickets}

    def _page(self, ticket: str, steps: Sequence[tuple[str, Mapping[str, object]]]) -> Page:
        """What each step replaced does not matter here: who set what how often does."""
        names = {field.name: name for name, field in self._tracker.config.fields.items()}
        stage = RoundupStage(self._tracker, ExternalId(ticket))
        page = stage.page(with_history=False)
        stage.helpdesk.close()
        history = [
            Change(author=author, field=names[theirs], before=None, after=None)
            for author, before in steps
            for theirs in before
            if theirs in names
        ]
        return Page(fields=page.fields, notes=page.notes, history=tuple(history))

    def note_naively(self, url: str, ticket: str, text: str) -> httpx.Response:
        """Under a key of its own each time, as if there were none."""
        return httpx.post(
            f"{url}/rest/data/triage_note",
            json={"issue": ticket, "content": text, "key": str(uuid4())},
            headers={"X-Requested-With": "rest", "Origin": self.url, "Referer": f"{self.url}/"},
            auth=httpx.BasicAuth(*self.token.split(":", 1)),
            timeout=10,
        )


@contextmanager
def served(kind: Kind) -> Iterator[Site]:
    """A helpdesk of our own."""
    with tempfile.TemporaryDirectory(prefix="triage-soak-", dir="/tmp") as folder:
        site: Site = RtSite(Path(folder)) if kind == "rt" else RoundupSite(Path(folder))
        try:
            yield site
        finally:
            site.stop()
