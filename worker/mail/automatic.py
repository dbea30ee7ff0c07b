"""Tells what a machine sent: out-of-office answers, bounces, mass mail. It starts nothing."""

from collections.abc import Mapping
from email.utils import parseaddr

BULK = frozenset({"bulk", "junk", "list", "auto_reply"})
"""Precedence as mailing programs have used it since before RFC 3834."""

MAILERS = frozenset({"mailer-daemon", "postmaster"})
ANSWERERS = (
    "x-autoreply",
    "x-autorespond",
    "x-autoresponse",
    "x-auto-reply",
    "x-failed-recipients",
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
    if said.get("precedence", "").lower() in BULK or any(name in said for name in ANSWERERS):
        return True
    if said.get("content-type", "").lower().startswith(REPORT):
        return True
    if said.get("return-path", "").replace(" ", "") == "<>":
        return True
    sender = parseaddr(said.get("from", ""))[1].partition("@")[0]
    return sender.lower() in MAILERS
