"""Mails go through a real Request Tracker, which takes them apart, and come out as they were meant.

RT decodes, re-encodes and stores each part by itself; fixtures/mail says what a person would read.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.ticket import ExternalId
from tests.acceptance.fleet import ROOT
from tests.servers.rt import Rt
from worker.clock import SystemClock
from worker.helpdesks.feed import State
from worker.helpdesks.rt.helpdesk import RtHelpdesk

MAILS = sorted((ROOT / "fixtures" / "mail").glob("*.eml"))
AUTOMATIC = sorted((ROOT / "fixtures" / "mail" / "automatic").glob("*.eml"))
OPENING = b"From: ada@example.com\nTo: support@example.org\nSubject: Help\n\nMy card is gone.\n"

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def desk(rt: Rt) -> Iterator[RtHelpdesk]:
    desk = RtHelpdesk(rt.config, rt.token, SystemClock())
    yield desk
    desk.close()


def opened(rt: Rt, mail: bytes) -> ExternalId:
    """The ticket that this mail opens."""
    return ExternalId(rt.mail(mail))


def answering(mail: bytes, ticket: ExternalId) -> bytes:
    """The same as a reply: RT knows it by the subject."""
    tag = f"[example.org #{ticket}]".encode()
    return re.sub(rb"^(Subject: [^\n]*)", rb"\1 " + tag, mail, count=1, flags=re.MULTILINE)


def read(desk: RtHelpdesk, ticket: ExternalId) -> State:
    return desk.feed.state(ticket, known="")


def meant(mail: Path) -> str:
    return mail.with_suffix(".txt").read_text().strip()


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.stem)
def test_a_mail_says_what_its_sender_meant(mail: Path, rt: Rt, desk: RtHelpdesk) -> None:
    """Whether it opens a ticket or answers on one."""
    ticket = opened(rt, mail.read_bytes())
    said = read(desk, ticket).said
    assert said is not None
    assert (said["body"], said["thread"]) == (meant(mail), [])
    assert said["requester"] == {"email": "ada@example.com"}

    rt.mail(answering(mail.read_bytes(), ticket))
    said = read(desk, ticket).said
    assert said is not None
    [turn] = said["thread"]
    assert (turn["author"], turn["body"]) == ("customer", meant(mail))


@pytest.mark.parametrize("mail", AUTOMATIC, ids=lambda mail: mail.stem)
def test_a_machines_mail_starts_nothing(mail: Path, rt: Rt, desk: RtHelpdesk) -> None:
    """It says nothing where it opens a ticket, and nothing new where it answers on one."""
    before = opened(rt, OPENING)
    ticket = opened(rt, mail.read_bytes())
    assert ticket != before
    assert read(desk, ticket).said is None

    unchanged = read(desk, before).said
    rt.mail(answering(mail.read_bytes(), before))
    assert read(desk, before).said == unchanged
