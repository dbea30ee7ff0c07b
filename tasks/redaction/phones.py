"""Telephone numbers: international ones, some countries' own by shape, others by what is said.

No library: without a country it knows the international ones alone, and of those it is as sure as
a plus sign is.
"""

import re
from collections.abc import Iterator

from tasks.redaction.find import Find, Kind

GAP = r"[ \t().\-/]{0,3}"
INTERNATIONAL = re.compile(rf"(?<![\w+])(?:\+|00)[ \t(]{{0,2}}[1-9](?:{GAP}[0-9]){{6,14}}(?![0-9])")
NORTH_AMERICAN = re.compile(
    r"(?<![\w.\-/+])(?:1[ .\-])?\(?[2-9][0-9]{2}(?:\)[ .\-]{0,2}|[ .\-])"
    r"[0-9]{3}[ .\-][0-9]{4}(?![\w\-])"
)
TRUNK = re.compile(
    r"(?<![\w.\-/+])\(?0\)?[1-9][0-9]{0,4}(?:\)[ \t]?)?(?:[ \t.\-/]{1,2}[0-9]{2,8}){1,5}(?!\w)"
)
MOBILE = re.compile(r"(?<![\w.\-/+])(?:07[1-9][0-9]{8}|01[5-7][0-9]{8,9})(?!\w)")
"""British and German ones in one piece."""

DATE = re.compile(r"\(?[0-3]?[0-9]([./\-])[0-3]?[0-9]\1(?:19|20)?[0-9]{2}(?![0-9])")

SEVEN = re.compile(rf"[0-9](?:{GAP}[0-9]){{6}}")
"""What every one of them has: looked for first, since most texts have no such thing."""

SIGN = r"[\s:.#()=\-]{0,4}"
SAID = re.compile(
    r"(?<!\w)(?:tel|tele?phone?|telefon(?:nummer)?|t\u00e9l\u00e9phone|tel\u00e9fono|phone|mobile?|"
    r"m\u00f3vil|cell(?:phone)?|handy(?:nummer)?|portable|whats ?app|signal|fax|rufnummer|"
    r"durchwahl|tlf|tfno|gsm|cel(?:ular)?|\u96fb\u8a71|\u7535\u8bdd|"
    r"\u0442\u0435\u043b\u0435\u0444\u043e\u043d|call|ring|dial|sms|text me|my number|"
    r"reach me)(?!\w)"
    rf"{SIGN}(?:(?:number|no|nr|nummer|is|ist|on|at|me|us|back|under|unter|my|new|to|est|es)(?!\w)"
    rf"{SIGN}){{0,4}}(?P<number>\+?[0-9](?:{GAP}[0-9]){{6,14}})(?![0-9])",
    re.IGNORECASE,
)
SHAPES = ((NORTH_AMERICAN, 0), (MOBILE, 0), (SAID, "number"))
"""Those that need no second look, and the part of each that is the number."""

LEAST, MOST = 9, 13
"""Digits of a national number with its zero."""

LEAST_WITH_ZEROS = 12
"""Digits of an international number that begins with two zeros instead of a plus."""


def phones(text: str) -> Iterator[Find]:
    """Every telephone number that shows itself as one."""
    if not SEVEN.search(text):
        return
    for pattern, group in SHAPES:
        for found in pattern.finditer(text):
            yield Find(*found.span(group), Kind.PHONE)
    for found in INTERNATIONAL.finditer(text):
        if found[0][0] == "+" or _digits(found[0]) >= LEAST_WITH_ZEROS:
            yield Find(found.start(), found.end(), Kind.PHONE)
    for found in TRUNK.finditer(text):
        if LEAST <= _digits(found[0]) <= MOST and not DATE.match(found[0]):
            yield Find(found.start(), found.end(), Kind.PHONE)


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))
