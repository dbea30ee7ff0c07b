"""What a person would call the message, out of everything that came with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import quotequail
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig
from lxml.etree import LxmlError

PLAIN, HTML = "text/plain", "text/html"
SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
"""The separator of RFC 3676, 4.3; many programs lose its blank."""

SENT_FROM = re.compile(
    r"^(sent from my|sent from outlook|get outlook for|von meinem .* gesendet|envoyé de mon) ?.*$",
    re.IGNORECASE | re.MULTILINE,
)
FORWARDED = re.compile(
    r"^[->* ]*(begin )?(forwarded message|weitergeleitete nachricht|message transféré)",
    re.IGNORECASE | re.MULTILINE,
)
FORWARDED_SUBJECT = re.compile(r"\s*(fwd?|wg|tr|rv|enc)\s*:", re.IGNORECASE)

LINES = 5_000
LINE_CHARACTERS = 1_000
"""What is longer is no letter; a machine wrote it, or somebody who means harm."""

TOKEN = re.compile("\x00\\d+\x00")

HTML_BYTES = 1_000_000
"""More of it is no letter; what is longer is read up to here."""

LAYOUT = ParserConfig(css=CSS_PROFILES["strict"], display_links=False, display_images=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part of a message. `filename` where it is an attachment, or may be one."""

    content_type: str
    text: str
    filename: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message taken apart. `quoted`: all of it, where some was split off."""

    text: str
    quoted: str = ""
    attachments: tuple[str, ...] = ()


def readable(parts: Sequence[Part], *, subject: str = "") -> Said:
    """The customer's own words. Total: any parts give something, an empty message an empty text.

    Plain text is preferred where it says anything, for it was made by whoever wrote. A forwarded
    message (`subject` or the text says that it is one) is the message, whole. What is quoted is
    split off only where something else is left.
    """
    body = _chosen(parts).replace("\r\n", "\n").strip()
    own = body if FORWARDED_SUBJECT.match(subject) else _own(body)
    return Said(
        text=own or body,
        quoted=body if own and own != body else "",
        attachments=tuple(part.filename for part in parts if part.filename),
    )


def _chosen(parts: Sequence[Part]) -> str:
    for kind in (PLAIN, HTML):
        for part in parts:
            if part.content_type.lower() == kind and not part.filename and part.text.strip():
                return part.text if kind == PLAIN else from_html(part.text)
    return ""


def from_html(document: str) -> str:
    """A page as text, in the layout that a person sees."""
    try:
        return str(get_text(document[:HTML_BYTES], LAYOUT)).strip()
    except (LxmlError, ValueError, RecursionError):
        return re.sub(r"<[^>]*>", " ", document[:HTML_BYTES]).strip()


def _own(body: str) -> str:
    """What is above or below the history, without the signature; empty where all is history."""
    lines = body.split("\n")
    if len(lines) > LINES:
        return body
    # Its patterns take the square of a line's length. No line that introduces a quote is so long.
    held = {f"\x00{n}\x00": line for n, line in enumerate(lines) if len(line) > LINE_CHARACTERS}
    tokens = {line: token for token, line in held.items()}
    found = quotequail.unwrap("\n".join(tokens.get(line, line) for line in lines))
    if found is None:
        return _unsigned(body)
    if found["type"] == "forward" and FORWARDED.search(body):
        return body
    return "\n\n".join(
        _restored(own, held).strip()
        for place in ("text_top", "text_bottom")
        if (own := _unsigned(found.get(place, "")))
    )


def _restored(text: str, held: Mapping[str, str]) -> str:
    return TOKEN.sub(lambda found: held.get(found[0], found[0]), text) if held else text


def _unsigned(text: str) -> str:
    return SENT_FROM.sub("", SIGNATURE.split(text, maxsplit=1)[0]).strip()
