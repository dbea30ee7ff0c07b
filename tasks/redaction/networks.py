"""Addresses of machines: IPv4, IPv6 and MAC. A version with four parts is none where it says so."""

import re
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv6Address

from tasks.redaction.find import Find, Kind

DOT = r"(?:\.|\[\.\]|\(\.\))"
V4 = re.compile(rf"(?<![\w.])[0-9]{{1,3}}(?:{DOT}[0-9]{{1,3}}){{3}}(?!\w|\.[0-9])")
VERSION = re.compile(
    r"(?:version|ver\.?|build|release|firmware|section|chapter)[\s:]{0,3}$", re.IGNORECASE
)
LOOKS_BACK = 16
LARGEST = 255

V6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{3,45}(?![\w:])")
LEAST_COLONS = 2
MANY_COLONS = 4
"""With fewer and without a digit it is a name of a programmer's: `a::b`."""

DOTS_OF_MAC = 2

MAC = re.compile(
    r"(?<![\w:\-])(?:[0-9A-Fa-f]{2}([:\-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}"
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4})(?![\w:\-])"
)


def networks(text: str) -> Iterator[Find]:
    """Every address of a machine."""
    colons, dots = text.count(":"), text.count(".")
    if dots > DOTS_OF_MAC:
        yield from _v4(text)
    if colons >= LEAST_COLONS:
        yield from _v6(text)
    if dots >= DOTS_OF_MAC or colons > MANY_COLONS or text.count("-") > MANY_COLONS:
        for found in MAC.finditer(text):
            yield Find(found.start(), found.end(), Kind.NETWORK)


def _v4(text: str) -> Iterator[Find]:
    for found in V4.finditer(text):
        if _is_v4(found[0]) and not _is_version(text, found.start()):
            yield Find(found.start(), found.end(), Kind.NETWORK)


def _v6(text: str) -> Iterator[Find]:
    for found in V6.finditer(text):
        address = found[0].rstrip(".")
        if address.endswith(":") and not address.endswith("::"):
            address = address[:-1]
        if _is_v6(address):
            yield Find(found.start(), found.start() + len(address), Kind.NETWORK)


def _is_v4(text: str) -> bool:
    return all(int(part) <= LARGEST for part in re.findall("[0-9]+", text))


def _is_version(text: str, start: int) -> bool:
    return VERSION.search(text[max(0, start - LOOKS_BACK) : start]) is not None


def _is_v6(text: str) -> bool:
    colons = text.count(":")
    if colons < LEAST_COLONS or not (any(map(str.isdecimal, text)) or colons >= MANY_COLONS):
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True
