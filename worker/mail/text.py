"""What a person would call the message, out of everything that came with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from worker.mail.history import own
from worker.mail.parts import Part, attached, told

FORWARDED_SUBJECT = re.compile(r"\s*(fwd?|wg|tr|rv|enc)\s*:", re.IGNORECASE)

WINDOWS = {
    code: found for code in range(0x80, 0xA0) if (found := bytes([code]).decode("cp1252", "ignore"))
}
"""What Windows calls Latin-1 has characters where Latin-1 has none: quotation marks, dashes, €."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A message taken apart. `quoted`: all of it, where some was split off."""

    text: str
    quoted: str = ""
    attachments: tuple[str, ...] = ()


def readable(parts: Sequence[Part], *, subject: str = "") -> Said:
    """The customer's own words. Total: any parts give something, an empty message an empty text.

    A forwarded message (`subject` or the text says that it is one) is the message, whole. What is
    quoted is split off only where something else is left.
    """
    body = told(parts).replace("\r\n", "\n").translate(WINDOWS).strip()
    theirs = body if FORWARDED_SUBJECT.match(subject) else own(body)
    return Said(
        text=theirs or body,
        quoted=body if theirs and theirs != body else "",
        attachments=attached(parts),
    )
