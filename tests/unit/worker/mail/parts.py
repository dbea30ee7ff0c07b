"""A raw message as the parts that a helpdesk would give."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import MIMEPart

from worker.mail.parts import Part


def parts_of(raw: bytes) -> tuple[str, tuple[Part, ...]]:
    """Its subject, and every leaf of it."""
    message = message_from_bytes(raw, policy=policy.default)
    return str(message["Subject"]), tuple(_leaves(message))


def _leaves(part: MIMEPart, alternative: str = "", *, enclosed: bool = False) -> Iterator[Part]:
    kind = part.get_content_type()
    if part.is_multipart():
        if kind == "multipart/alternative":
            alternative = str(id(part))
        is_mail = kind == "message/rfc822"
        if is_mail and part.get_filename():
            yield Part(content_type=kind, text="", filename=part.get_filename() or "")
        for child in part.iter_parts():
            yield from _leaves(child, alternative, enclosed=enclosed or is_mail)
        return
    yield Part(
        content_type=kind,
        text=_text(part) if part.get_content_maintype() == "text" else "",
        filename=part.get_filename() or "",
        alternative=alternative,
        enclosed=enclosed,
    )


def _text(part: MIMEPart) -> str:
    try:
        return str(part.get_content())
    except LookupError:  # nobody knows the charset
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.decode()
