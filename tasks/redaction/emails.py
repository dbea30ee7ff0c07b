"""E-mail addresses, in any alphabet, also where somebody has written the @ in words."""

import re
from collections.abc import Iterator

from tasks.redaction.find import Find, Kind

AT = re.compile(r"@|%40|&#64;|&#[xX]40;|&commat;")
LONGEST_LOCAL = 254
SIGNS = ".!#$%'*+=^`{|}~-"
LOCAL_BACKWARDS = re.compile(rf"[\w{re.escape(SIGNS)}]*")

TOP = r"(?:xn--[A-Za-z0-9-]{1,59}|[A-Za-z]{2,24}|[^\W\d_\x00-\x7f]{2,24})"
DOMAIN = re.compile(rf"(?:[\w-]{{1,63}}\.){{1,10}}{TOP}|\[[0-9A-Fa-f:.]{{3,45}}\]")

SPELT_AT = re.compile(
    r"\s{0,2}[(\[{<]\s{0,2}(?:at|@|\u00e4t|arroba|chez)\s{0,2}[)\]}>]\s{0,2}"
    r"|\s{1,3}at\s{1,3}|\s{0,3}@\s{1,3}",
    re.IGNORECASE,
)
SPELT_DOT = (
    r"(?:\s{0,2}[(\[{<]\s{0,2}(?:dot|punkt|point|\.)\s{0,2}[)\]}>]\s{0,2}|\s{1,3}dot\s{1,3})"
)
SPELT_DOMAIN = re.compile(
    rf"[\w-]{{1,63}}(?:(?:{SPELT_DOT}|\.)[\w-]{{1,63}}){{0,9}}", re.IGNORECASE
)
HAS_DOT = re.compile(rf"{SPELT_DOT}|\.", re.IGNORECASE)
HAS_SPELT_DOT = re.compile(SPELT_DOT, re.IGNORECASE)


def emails(text: str) -> Iterator[Find]:
    """Every address, without the `mailto:` or the brackets around it."""
    yield from _written(text)
    lowered = text.lower()
    if any(
        mark in lowered for mark in ("at)", "at]", "at}", "at>", "at ", "@)", "@]", "@ ", "arroba")
    ):
        yield from _spelt(text)


def _written(text: str) -> Iterator[Find]:
    if "@" not in text and "%40" not in text and "&" not in text:
        return
    for at in AT.finditer(text):
        domain = DOMAIN.match(text, at.end()) or _spelt_domain(text, at.end())
        if domain is None:
            continue
        start = _begin(text, at.start())
        if start < at.start():
            yield Find(start, domain.end(), Kind.EMAIL)


def _spelt_domain(text: str, place: int) -> re.Match[str] | None:
    domain = SPELT_DOMAIN.match(text, place)
    return domain if domain and HAS_SPELT_DOT.search(domain[0]) else None


def _begin(text: str, at: int) -> int:
    """Where the part before the @ begins; at the @ itself where there is none."""
    if at and text[at - 1] == '"':
        opening = text.rfind('"', max(0, at - LONGEST_LOCAL), at - 1)
        return at if opening < 0 else opening
    before = text[max(0, at - LONGEST_LOCAL) : at][::-1]
    backwards = LOCAL_BACKWARDS.match(before)
    local = backwards[0] if backwards else ""
    return at - len(local.rstrip(SIGNS))


def _spelt(text: str) -> Iterator[Find]:
    """`ada (at) example.com`, `ada at example dot com`; not `look at example.com`."""
    for at in SPELT_AT.finditer(text):
        domain = SPELT_DOMAIN.match(text, at.end())
        if domain is None:
            continue
        dotted = HAS_SPELT_DOT if at[0].strip().isalpha() else HAS_DOT
        start = _begin(text, at.start())
        if dotted.search(domain[0]) and start < at.start() and not domain[0][-1].isdigit():
            yield Find(start, domain.end(), Kind.EMAIL)
