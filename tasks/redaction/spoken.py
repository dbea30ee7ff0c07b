"""Secrets that somebody calls so: "my password is hunter2", "PIN: 4711", "Authorization: ..."."""

import re
from collections.abc import Iterator

from tasks.redaction.find import Find, Kind

HINTS = (
    *("pass", "pwd", "kennwort", "contrase", "senha", "\u043f\u0430\u0440\u043e\u043b", "key"),
    *(
        "token",
        "secret",
        "sess",
        "credential",
        "bearer",
        "authorization",
        "\u5bc6\u7801",
        "hasło",
        "lösen",
    ),
)
WORD = (
    r"(?<![^\W_])(?:pass(?:word|wort|wd|phrase|code)|pwd|pw|pass|kennwort|"
    r"contrase(?:\u00f1|n)a|senha|mot de passe|wachtwoord|has\u0142o|l\u00f6senord|"
    r"\u043f\u0430\u0440\u043e\u043b\u044c|\u5bc6\u7801|"
    r"(?:\w{0,24}[ _-]?)?(?:api|secret|access|account|private|license|licence|auth|shared|session)"
    r"[ _-]?(?:access[ _-]?)?(?:key|token|secret)|client[ _-]?secret|(?:php|j)?session[ _-]?id|"
    r"phpsessid|secret|token|credentials?)"
)
AS_SET = r"[\"']?\s{0,3}(?::=|=>|->|[:=\uff1a])\s{0,3}(?:is\s{1,3})?"
AS_SAID = (
    r"(?:\s{1,3}(?:is|was|ist|war|lautet|es|est|\u00e8|\u00e9)\s{0,3}:?\s{0,3}|\s{0,3}-\s|\s?\()"
)
QUOTED = (
    r"(?:\"(?P<a>[^\"\n]{1,256})\"|'(?P<b>[^'\n]{1,256})'|`(?P<c>[^`\n]{1,256})`"
    r"|\u201c(?P<d>[^\u201d\n]{1,256})\u201d|\u201e(?P<e>[^\u201c\u201d\n]{1,256})[\u201c\u201d]"
    r"|\u00ab\s?(?P<f>[^\u00bb\n]{1,256})\u00bb)"
)
BARE = r"(?P<bare>[^\s\"'`<>\u201c\u201d\u201e\u00ab\u00bb]{3,256})"
SAID = re.compile(
    rf"{WORD}(?:(?P<set>{AS_SET})|(?P<said>{AS_SAID})|\s{{1,2}})(?:{QUOTED}|{BARE})",
    re.IGNORECASE,
)

STATES = """
    again and are bad been being blank blocked by cannot change changed correct denied doesn
    does error expired failed for forgot forgotten from have help how incorrect invalid issue
    issues locked lost missing never new none not null old or problem problems protected recovery
    rejected required reset resetting right same still that the this too unknown update updated
    wrong your with working will yes
"""
NO_SECRETS = frozenset(STATES.split())
"""What people say about a password, and is none."""

LEAST_UNSAID = 4
"""Characters of what just stands behind the word, with a digit in it: `password 4 times`."""

CODE_HINTS = ("pin", "cvv", "cvc", "csc", "otp", "tan", "code")
CODE = re.compile(
    r"(?<![^\W_])(?:pin|passcode|cvv2?|cvc2?|csc|otp|m?tan|(?:security|verification|one[ -]time|"
    r"access|confirmation|sms|login|auth\w{0,12}|2fa|mfa|sicherheits|best\u00e4tigungs)[ -]?code)"
    r"(?!\w)"
    r"[\s:=#\-]{0,3}(?:(?:code|number|nummer|no|is|was|ist|war)(?!\w)[\s:=#\-]{0,3}){0,3}"
    r"(?P<code>[0-9](?:[ \-]?[0-9]){2,7})(?![\w])",
    re.IGNORECASE,
)

BEARER = re.compile(
    r"(?<!\w)(?:authorization[\"']?\s{0,2}[:=]\s{0,2}[\"']?(?:basic|bearer|token|digest)?"
    r"|(?P<bare>bearer))\s{1,2}(?P<token>[\w.~+/=\-]{8,4096})",
    re.IGNORECASE,
)


def spoken(text: str) -> Iterator[Find]:
    """Every secret that is introduced as one."""
    lowered = text.lower()
    if any(hint in lowered for hint in HINTS):
        yield from _passwords(text)
        yield from _bearers(text)
    if any(hint in lowered for hint in CODE_HINTS):
        for found in CODE.finditer(text):
            yield Find(*found.span("code"), Kind.SECRET)


def _passwords(text: str) -> Iterator[Find]:
    for found in SAID.finditer(text):
        bare = found["bare"]
        if bare is None:
            yield Find(*found.span(found.lastgroup or 0), Kind.SECRET)
            continue
        secret = bare.rstrip(".,;:!?)]}\u3002")
        if _is_secret(secret, is_set=found["set"] is not None, is_said=found["said"] is not None):
            start = found.start("bare")
            yield Find(start, start + len(secret), Kind.SECRET)


def _is_secret(word: str, *, is_set: bool, is_said: bool) -> bool:
    """Behind a colon all but what people say of a password; behind `is` what is no plain word."""
    if word.casefold().strip("*.-_") in NO_SECRETS or not word.strip("*.-_/"):
        return False
    has_digit = any(map(str.isdigit, word))
    if is_set:
        return True
    if is_said:
        return has_digit or not word.replace("-", "").replace("\u2019", "").isalpha()
    return has_digit and len(word) >= LEAST_UNSAID


def _bearers(text: str) -> Iterator[Find]:
    for found in BEARER.finditer(text):
        if found["bare"] is None or any(map(str.isdigit, found["token"])):
            yield Find(*found.span("token"), Kind.SECRET)
