"""Where alerts go is checked before anything starts, and said with file, key and remedy."""

from pathlib import Path

import pytest

from config.alerts import AlertKind
from config.errors import ConfigError
from config.guards import GUARDS, MOST_OFF_SECONDS
from tests.unit.config.overlay import loaded, overlay

MAIL = """
[smtp]
host = "smtp.example.com"
from = "triage@example.com"
to = ["oncall@example.com"]
"""
OWNER = "[owners.a]\nissue_types = ['card']\nwebhook = 'http://x'"
LOGIN = {"TRIAGE_SMTP_USER": "fleet", "TRIAGE_SMTP_PASSWORD": "hush"}

MISTAKES: dict[str, tuple[str, tuple[str, ...]]] = {
    "a webhook that is no address": (
        "[webhook]\nurl = 'hooks.example.com'",
        ("alerts.toml", "webhook.url is no address", "https://"),
    ),
    "a webhook by another way": ("[webhook]\nurl = 'file:///etc/passwd'", ("webhook.url",)),
    "a kind that there is not": (
        "[webhook]\nkinds = ['comet seen']",
        ("webhook.kinds.0", "breaker open"),
    ),
    "a header that is two": ('[webhook]\nheader = "A: b\\r\\nC"', ("webhook.header",)),
    "mail to nobody": ("[smtp]\nhost = 'x'\nfrom = 'a@b.c'", ("smtp", "`to` is empty")),
    "mail from nobody": ("[smtp]\nhost = 'x'\nto = ['a@b.c']", ("smtp", "is no address", "`from`")),
    "mail to a name": (MAIL.replace("oncall@", "oncall "), ("smtp", "is no address")),
    "a security that there is not": ("[smtp]\nsecurity = 'tls'", ("smtp.security", "'starttls'")),
    "a share above all": ("[limits]\nreview_share = 15", ("limits.review_share", "less than")),
    "an owner of nothing": ("[owners.a]\nissue_types = []", ("owners.a", "at least 1 item")),
    "an owner whom nothing reaches": (
        "[owners.a]\nissue_types = ['card']",
        ("owners.a", "say how to reach it"),
    ),
    "an owner of what there is not": (
        "[owners.a]\nissue_types = ['cars']\nwebhook = 'http://x'",
        ("owners.a has cars", "no issue type", "card,"),
    ),
    "two owners": (f"{OWNER}\n{OWNER.replace('.a]', '.b]')}", ("card has two owners",)),
    "an owner by mail without a server": (
        "[owners.a]\nissue_types = ['card']\nto = ['a@example.com']",
        ("owners.a has addresses", "smtp.host"),
    ),
    "an owner's webhook that is no address": (
        "[owners.a]\nissue_types = ['card']\nwebhook = 'chat'",
        ("owners.a", "webhook is no address"),
    ),
    "an owner's webhook that nobody has set": (
        "[owners.a]\nissue_types = ['card']\nwebhook_credential = 'HOOK'",
        ("HOOK holds no http(s):// address", "owners.a"),
    ),
    "an owner's name for nobody": (
        "[owners.'A B']\nissue_types = ['card']\nwebhook = 'http://x'",
        ("owners.A B", "pattern"),
    ),
    "a limit that there is not": ("[limits]\nreviews = 0.1", ("limits.reviews", "not permitted")),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named(tmp_path: Path, case: str) -> None:
    text, words = MISTAKES[case]
    with pytest.raises(ConfigError) as raised:
        loaded(overlay(tmp_path, alerts=text))
    assert [word for word in words if word not in str(raised.value)] == []


def test_nothing_is_configured_by_default() -> None:
    alerts = loaded().alerts
    assert (alerts.webhook.url, alerts.smtp.host) == ("", "")


def test_the_webhook_s_address_may_stand_in_the_environment_alone(tmp_path: Path) -> None:
    folder = overlay(tmp_path, alerts="[webhook]\nurl = 'https://other.example.com'\n")
    found = loaded(folder, TRIAGE_ALERT_WEBHOOK="https://hooks.example.com/T1?s=hush")
    assert found.alerts.webhook.url == "https://hooks.example.com/T1?s=hush"
    assert "hush" not in repr(found.environment)
    with pytest.raises(ConfigError, match="TRIAGE_ALERT_WEBHOOK is no address") as raised:
        loaded(TRIAGE_ALERT_WEBHOOK="hush.example.com")
    assert "hush" not in str(raised.value)


def test_half_a_login_is_none(tmp_path: Path) -> None:
    folder = overlay(tmp_path, alerts=MAIL)
    assert loaded(folder, **LOGIN).alerts.smtp.to == ("oncall@example.com",)
    assert loaded(folder).alerts.smtp.host == "smtp.example.com", "a server may want none"
    for name in LOGIN:
        rest = {other: value for other, value in LOGIN.items() if other != name}
        with pytest.raises(ConfigError, match=f"{name} is not set") as raised:
            loaded(folder, **rest)
        assert "hush" not in str(raised.value)


def test_a_channel_may_want_some_kinds_alone(tmp_path: Path) -> None:
    folder = overlay(tmp_path, alerts="[webhook]\nkinds = ['no worker', 'breaker open']\n")
    assert loaded(folder).alerts.webhook.kinds == (AlertKind.NO_WORKER, AlertKind.BREAKER_OPEN)


def test_the_guards_that_may_be_off_are_a_closed_list_and_for_a_day_at_most() -> None:
    assert GUARDS == ("breaker", "retry_budget", "rate_limits", "money")
    assert MOST_OFF_SECONDS == 24 * 3_600
