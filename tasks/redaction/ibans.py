"""Account numbers by ISO 13616: a country, as many letters as it has, and mod 97."""

import re
from collections.abc import Iterator

from tasks.redaction.find import Find, Kind

BEGIN = re.compile(r"[A-Za-z]{2}(?=[ .\-]?[0-9][ .\-]?[0-9])")
CALLED = "IBAN"
"""It may be glued to what it is called, and to no other word."""

BETWEEN = re.compile(r"[\s.\-_/>]{0,3}")
PIECE = re.compile(r"[A-Za-z0-9]")

COUNTRIES = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 "
    "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 "
    "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
    "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
    "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
LENGTHS = {entry[:2]: int(entry[2:]) for entry in COUNTRIES.split()}
"""From SWIFT's registry, release 99."""

REMAINDER, MODULUS = 1, 97


def ibans(text: str) -> Iterator[Find]:
    """Every IBAN, in one piece or in groups."""
    for begin in BEGIN.finditer(text):
        length = LENGTHS.get(begin[0].upper())
        if length and _stands_alone(text, start := begin.start()):
            end = _end(text, start, length)
            if end:
                yield Find(start, end, Kind.IBAN)


def _stands_alone(text: str, start: int) -> bool:
    before = text[max(0, start - 1) : start]
    is_alone = not (before.isascii() and before.isalnum())
    return is_alone or text[max(0, start - len(CALLED)) : start].upper() == CALLED


def _end(text: str, start: int, length: int) -> int | None:
    """Where the IBAN of that length ends which begins here; None: there is none."""
    letters, place = "", start
    while len(letters) < length:
        between = BETWEEN.match(text, place)
        place = between.end() if between and letters else place
        piece = PIECE.match(text, place)
        if piece is None:
            return None
        letters, place = letters + piece[0], piece.end()
    return place if not PIECE.match(text, place) and checks(letters) else None


def checks(letters: str) -> bool:
    """Whether the two digits behind the country check all others."""
    moved = letters[4:] + letters[:4]
    return int("".join(str(int(letter, 36)) for letter in moved)) % MODULUS == REMAINDER
