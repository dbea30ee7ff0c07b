"""Tells what a machine sent: out-of-office answers, bounces, mass mail. It starts nothing."""

import re
from collections.abc import Mapping
from email.utils import parseaddr

PRECEDENCES = ("precedence", "x-precedence", "preference")
BULK = frozenset({"bulk", "junk", "auto_reply"})
"""Precedence as mailing programs have used it since before RFC 3834."""

LIST = "list"
DIGEST = re.compile(r"\bdigest(, vol\b| for )", re.IGNORECASE)
"""The subject of a mailing list's digest: of Mailman, and of Google Groups.

What else comes by a list was written by a person. Many support addresses are a group.
"""

MAILERS = frozenset({"mailer-daemon", "postmaster"})
ANSWERERS = (
    "x-autoreply",
    "x-autoreply-from",
    "x-autorespond",
    "x-autoresponse",
    "x-auto-reply",
    "x-failed-recipients",
    "x-mail-autoreply",
)
REPORT = "multipart/report"


def is_automatic(headers: Mapping[str, str]) -> bool:
    """Whether these headers (names in any case) say that no person wrote the message.

    RFC 3834: `Auto-Submitted` other than `no`. RFC 3464: a delivery report, or the empty return
    path that one has. Beside them what programs do that know neither.
    """
    said = {name.lower(): value.strip() for name, value in headers.items()}
    submitted = said.get("auto-submitted", "no").partition(";")[0].strip().lower()
    if submitted not in {"", "no"}:
        return True
    if _is_mass(said) or any(name in said for name in ANSWERERS):
        return True
    if said.get("content-type", "").lower().startswith(REPORT):
        return True
    if said.get("return-path", "").replace(" ", "") == "<>":
        return True
    sender = parseaddr(said.get("from", ""))[1].partition("@")[0]
    return sender.lower() in MAILERS


def _is_mass(said: Mapping[str, str]) -> bool:
    precedences = {said.get(name, "").lower() for name in PRECEDENCES}
    if LIST in precedences and DIGEST.search(said.get("subject", "")):
        return True
    return not precedences.isdisjoint(BULK)
