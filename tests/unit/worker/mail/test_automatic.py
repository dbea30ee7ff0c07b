"""What a machine sent, told by its headers."""

import pytest

from worker.mail.automatic import is_automatic


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
        {"X-Auto-Response-Suppress": "DR, OOF"},
    ],
    ids=lambda headers: "-".join(headers.values()).replace(" ", "-")[:30] or "nothing",
)
def test_a_person_is_not_taken_for_one(headers: dict[str, str]) -> None:
    assert not is_automatic(headers)
