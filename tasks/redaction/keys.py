"""Secrets that show by their own shape: providers' keys, JWTs, private keys, random tokens."""

import re
from collections.abc import Iterator
from itertools import pairwise

from tasks.redaction.find import Find, Kind

KEYS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|AROA|AIDA|ABIA|ACCA)[A-Z0-9]{16}"  # AWS
    r"|sk-[\w-]{16,}"  # OpenAI, Anthropic, Langfuse and who copied them
    r"|(?:sk|rk|pk|whsec)_[A-Za-z0-9_]{16,}"  # Stripe
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|gl(?:pat|dt|rt|cbt|ptt|soat|ft)-[\w-]{16,}"
    r"|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}"  # Slack
    r"|AIza[\w-]{30,}|ya29\.[\w-]{10,}|GOCSPX-[\w-]{10,}"  # Google
    r"|SG\.[\w-]{16,}\.[\w-]{16,}"  # SendGrid
    r"|(?:npm|hf|dop_v1|shpat|shpca|lin_api|figd|dckr_pat|pypi|glsa|nvapi|rubygems)[_-][\w-]{16,}"
    r"|hv[sb]\.[\w-]{16,}|dapi[0-9a-f]{32}|sq0[a-z]{3}-[\w-]{16,}"
    r"|(?:AC|SK)[0-9a-f]{32}"  # Twilio
    r"|key-[0-9a-f]{32}"  # Mailgun
    r"|[0-9]{8,10}:AA[\w-]{32,}"  # Telegram
    r"|eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*){0,3}"  # JWT, JWE
    r")"
)
MARKS = (
    *("AKIA", "ASIA", "AROA", "AIDA", "ABIA", "ACCA", "sk-", "sk_", "rk_", "pk_", "whsec_"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glcbt-"),
    *("glptt-", "glsoat-", "glft-", "xox", "xapp-", "AIza", "ya29.", "GOCSPX-", "SG.", "npm_"),
    *("hf_", "dop_v1_", "shpat_", "shpca_", "lin_api_", "figd_", "dckr_pat_", "pypi-", "glsa_"),
    *("nvapi-", "rubygems_", "hvs.", "hvb.", "dapi", "sq0", "AC", "SK", "key-", ":AA", "eyJ"),
)

LONG = re.compile(r"[\w./+=:\-]{15}")
"""What all of those have, and the random ones: looked for first, since most texts have none."""

PEM = "-----BEGIN "
PEM_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
PEM_BODY = re.compile(r"[\w+/=\s:,.\\\-]*")

ACCESS = re.compile(
    r"(?<![A-Za-z])[A-Za-z][A-Za-z0-9+.\-]{1,19}://(?P<secret>[^\s/@:]{0,64}:[^\s@/]{1,128})@"
)
"""Name and password in the address of a server."""

QUERY = re.compile(
    r"[?&#](?:sig|signature|token|\w{1,24}[_-](?:token|key|secret)|api_?key|apikey|key|password|"
    r"auth|code)=(?P<secret>[^&\s#\"'<>]{8,2048})",
    re.IGNORECASE,
)
HOOK = re.compile(
    r"hooks\.slack\.com/(?:services|workflows)/(?P<secret>[\w/]{16,128})"
    r"|discord(?:app)?\.com/api/webhooks/(?P<other>[\w/-]{16,128})"
)

TOKEN = re.compile(r"[A-Za-z0-9+/_=\-]{24,}")
LEAST_DIGITS = 2
LEAST_LETTERS = 3
LEAST_CHANGES = 0.4
"""Of a random text of letters and digits six neighbours in ten are not of the same sort; of words,
however they are glued together, hardly three."""

EXAMINED = 512
"""Characters of a long text without a space, which say enough about it."""


def keys(text: str) -> Iterator[Find]:
    """Every secret that needs nobody to say that it is one."""
    if LONG.search(text):
        yield from _by_shape(text)
    if PEM in text:
        yield from _private_keys(text)
    if "://" in text:
        yield from _named(ACCESS, text, "secret")
        for found in HOOK.finditer(text):
            yield Find(*found.span(found.lastgroup or 0), Kind.SECRET)
    if "=" in text:
        yield from _named(QUERY, text, "secret")


def _by_shape(text: str) -> Iterator[Find]:
    if any(mark in text for mark in MARKS):
        yield from _named(KEYS, text, 0)
    for found in TOKEN.finditer(text):
        if is_random(found[0][:EXAMINED]):
            yield Find(found.start(), found.end(), Kind.SECRET)


def _named(pattern: re.Pattern[str], text: str, group: str | int) -> Iterator[Find]:
    for found in pattern.finditer(text):
        yield Find(*found.span(group), Kind.SECRET)


def _private_keys(text: str) -> Iterator[Find]:
    """From BEGIN to END; where the END is missing, for as long as it may be a part of the key."""
    place = 0
    while begin := PEM_BEGIN.search(text, place):
        body = PEM_BODY.match(text, begin.end())
        stop = body.end() if body else begin.end()
        end = PEM_END.search(text, begin.end(), stop)
        place = end.end() if end else stop
        yield Find(begin.start(), place, Kind.SECRET)


def is_random(token: str) -> bool:
    """Whether a machine has drawn it: all three sorts of signs, well mixed.

    Order numbers, tracking ids, UUIDs and hashes are of two sorts at most, names and paths of few
    changes.
    """
    sorts = [_sort(letter) for letter in token]
    if sorts.count("0") < LEAST_DIGITS or min(map(sorts.count, "aA")) < LEAST_LETTERS:
        return False
    changes = sum(one != other for one, other in pairwise(sorts))
    return changes >= LEAST_CHANGES * (len(token) - 1)


def _sort(letter: str) -> str:
    if letter.isdigit():
        return "0"
    if letter.isalpha():
        return "A" if letter.isupper() else "a"
    return "-"
