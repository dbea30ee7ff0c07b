"""The parts of a message, and what they say together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError

PLAIN, HTML = "text/plain", "text/html"
SIGNATURES = frozenset(
    {
        "application/pgp-signature",
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
    }
)
"""They prove who wrote; nobody would call them attached."""

PICTURE = re.compile(r"\[cid:[^\]\s]{1,200}\]")
"""Outlook's plain text has it where the page shows a picture; the picture is listed as attached."""

HTML_BYTES = 1_000_000
"""More of it is no letter; what is longer is read up to here."""

LAYOUT = ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of a message. `filename` where it is an attachment, or may be one.

    `alternative` names the multipart/alternative that it stands in, by any name; `enclosed` is what
    belongs to a mail that was attached.
    """

    content_type: str
    text: str
    filename: str = ""
    alternative: str = ""
    enclosed: bool = False


def told(parts: Sequence[Part]) -> str:
    """What the parts say one after another; of an attached mail only where nothing else is said.

    Of alternatives (RFC 2046, 5.1.4) the plain text where it says anything, for it was made by
    whoever wrote.
    """
    own = _told(part for part in parts if not part.enclosed)
    return own or _told(part for part in parts if part.enclosed)


def attached(parts: Iterable[Part]) -> tuple[str, ...]:
    """The names of what a person would call attached."""
    return tuple(
        part.filename
        for part in parts
        if part.filename and part.content_type.lower() not in SIGNATURES
    )


def from_html(document: str) -> str:
    """A page as text, in the layout that a person sees."""
    try:
        return str(get_text(document[:HTML_BYTES], LAYOUT)).strip()
    except (LxmlError, ValueError, RecursionError):
        return re.sub(r"<[^>]*>", " ", document[:HTML_BYTES]).strip()


def _told(parts: Iterable[Part]) -> str:
    groups: dict[str, list[Part]] = {}
    for number, part in enumerate(parts):
        if part.content_type.lower() in {PLAIN, HTML} and not part.filename and part.text.strip():
            groups.setdefault(part.alternative or f"{number}", []).append(part)
    # Some programs call alternatives mixed: what was said already is not said again.
    texts = {" ".join(text.split()): text for text in map(_best, groups.values())}
    return "\n\n".join(text for text in texts.values() if text)


def _best(group: Sequence[Part]) -> str:
    plain = [PICTURE.sub("", part.text) for part in group if part.content_type.lower() == PLAIN]
    texts = plain or [from_html(part.text) for part in group]
    return "\n\n".join(text.strip() for text in texts)
