"""What a machine sent, told by its headers."""

from email import message_from_bytes
from pathlib import Path

import pytest

from tests.acceptance.fleet import ROOT
from worker.mail.automatic import is_automatic

FOLDER = ROOT / "fixtures" / "mail"
AUTOMATIC = sorted((FOLDER / "automatic").glob("*.eml"))
WRITTEN = sorted(FOLDER.glob("*.eml"))


def headers_of(mail: Path) -> dict[str, str]:
    return {name: str(value) for name, value in message_from_bytes(mail.read_bytes()).items()}


@pytest.mark.parametrize("mail", AUTOMATIC, ids=lambda mail: mail.stem)
def test_what_a_machine_sent_is_known(mail: Path) -> None:
    assert is_automatic(headers_of(mail))


@pytest.mark.parametrize("mail", WRITTEN, ids=lambda mail: mail.stem)
def test_what_a_person_sent_is_known(mail: Path) -> None:
    assert not is_automatic(headers_of(mail))


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"auto-submitted": "Auto-Generated; owner-email=ada@example.com"},
        {"Precedence": "bulk"},
        {"Precedence": "Auto_Reply"},
        {"X-Autoreply": "yes"},
        {"Return-Path": "<>"},
        {"Return-Path": "< >"},
        {"Content-Type": 'multipart/report; report-type=delivery-status; boundary="x"'},
        {"From": "Mail Delivery System <MAILER-DAEMON@example.com>"},
        {"From": "postmaster@example.com"},
        {"Preference": "auto_reply"},
        {"X-Autoreply-From": "ada@example.com"},
        {"X-Failed-Recipients": "ada@example.com"},
    ],
    ids=lambda headers: "-".join(headers.values()).replace(" ", "-")[:30],
)
def test_a_machine_is_known(headers: dict[str, str]) -> None:
    assert is_automatic({"Subject": "Out of office", **headers})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Auto-Submitted": "no"},
        {"Auto-Submitted": ""},
        {"Precedence": "first-class"},
        {"Return-Path": "<ada@example.com>"},
        {"Content-Type": "multipart/mixed; boundary=report"},
        {"From": "Ada, the postmaster's daughter <ada@example.com>"},
        {"Subject": "Automatic reply: how do I switch it off?"},
        {"Precedence": "list"},
        {"Subject": "Digest, Vol 1: how do I leave this list?"},
        {"X-Auto-Response-Suppress": "DR, OOF"},
    ],
    ids=lambda headers: "-".join(headers.values()).replace(" ", "-")[:30] or "nothing",
)
def test_a_person_is_not_taken_for_one(headers: dict[str, str]) -> None:
    assert not is_automatic(headers)
